"""Compiled functions: the compiler, the FFT, the matrices."""
