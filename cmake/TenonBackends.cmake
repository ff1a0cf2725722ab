# Where backends and kernels come from, in the order in which they are asked: each of these folders
# has a function register_<folder>. Of the modules, which are opened when they are needed, the library
# has what is in loader/.
set(TENON_BACKENDS cpu_fallback cuda onednn mpi)
tenon_registration_of(${generated}/register_backends.cc TENON_BACKENDS
                      core/backend/backend_registry.h tenon::internal BackendRegistry
                      register_all_backends ${TENON_BACKENDS})
tenon_layer(loaders . cuda/loader/driver_probe.cc cuda/loader/loader.cc cuda/loader/wrap.cc
            mpi/loader/loader.cc onednn/loader/loader.cc ${generated}/register_backends.cc)
