// A library that a module needs. It is linked, and not there when the module is opened.
__attribute__((visibility("default"))) int number_of_a_library() { return 0; }
