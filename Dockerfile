# Two images: `cpu`, from plain Debian, and `cuda`, from NVIDIA's. Each is built in one stage and
# runs in another that holds the installed library, the samples and their data.
#   docker build --target cpu -t tenon .       docker run --rm tenon [SAMPLE [ARGUMENTS]]
#   docker build --target cuda -t tenon-cuda . docker run --rm --gpus all tenon-cuda
ARG BASE=debian:12
ARG CUDA_BASE=nvidia/cuda:13.0.1-cudnn-devel-ubuntu24.04
ARG CUDA_RUN_BASE=nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04

FROM ${BASE} AS cpu-build
COPY . /tenon
RUN /tenon/docker/build -DTENON_WITH_CUDA=OFF

FROM ${BASE} AS cpu
COPY --from=cpu-build /image /
RUN /tenon/install_packages
ENV PATH=/tenon/bin:$PATH
WORKDIR /out
CMD ["digits"]

FROM ${CUDA_BASE} AS cuda-build
COPY . /tenon
RUN /tenon/docker/build -DTENON_WITH_CUDA=ON

FROM ${CUDA_RUN_BASE} AS cuda
COPY --from=cuda-build /image /
RUN /tenon/install_packages
ENV PATH=/tenon/bin:$PATH
WORKDIR /out
CMD ["digits"]
