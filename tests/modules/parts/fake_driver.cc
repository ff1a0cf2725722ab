// libcuda.so.1 for tests: a driver whose start fails like the toolkit's stub, or one that sees as
// many devices as DEVICES says, and is as old as VERSION says. It can do nothing else.
// NOLINTBEGIN(readability-identifier-naming): the names are the driver's.
#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int cuInit(unsigned) {
#ifdef DEVICES
  return 0;
#else
  return 34;
#endif
}

#ifdef DEVICES
EXPORTED int cuDeviceGetCount(int* count) {
  *count = DEVICES;
  return 0;
}
#else
EXPORTED int cuDeviceGetCount(int*) { return 34; }
#endif

#ifdef VERSION
EXPORTED int cuDriverGetVersion(int* version) {
  *version = VERSION;
  return 0;
}
#endif

EXPORTED int cuGetErrorString(int, const char** text) {
  *text = "CUDA driver is a stub library";
  return 0;
}
// NOLINTEND(readability-identifier-naming)
