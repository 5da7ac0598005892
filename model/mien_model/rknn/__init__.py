"""INT8 files for Rockchip's NPUs, made and simulated with the vendor's toolkit (environment: rknn). model/README.md tells how."""
