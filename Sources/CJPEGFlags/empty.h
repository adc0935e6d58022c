// Carries only the compiler and linker flags of libtorch.
