// Our fused operations as one translation unit: reading libtorch's headers takes longer than compiling all of them.
#include "Kernels/attention.cpp"
#include "Kernels/embedding.cpp"
#include "Kernels/fused.cpp"
#include "Kernels/linear.cpp"
#include "Kernels/rounded.cpp"
#include "Kernels/vocabulary.cpp"
