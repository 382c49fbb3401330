"""Compiled inner loops over frames.

Arrays are laid out with one frame to a column, shape (rows, n_frames), C-contiguous: every inner loop then runs
along frames, which don't depend on each other, and the compiler vectorises it by itself. What a kernel gives for
a frame doesn't depend on the frame's place among others, so numbers don't depend on how clips were batched.

Inside a kernel, take a row first (``row = values[k, start:end]``) and index that by the loop's own variable:
for an index that is a sum, numba also handles negative ones, and the compiler gives up.
"""
