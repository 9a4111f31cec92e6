"""Matrices are multiplied by threads of OpenBLAS, then in children. bare: hangs, if these are OpenMP's; shimmed: ok"""
import os
import numpy
a = numpy.arange(360000.0).reshape(600, 600) % 97
b = a @ a
for i in range(10):
    child = os.fork()
    if child == 0:
        os._exit(0 if (a @ a == b).all() else 1)
    print(os.waitpid(child, 0)[1], (a @ a == b).all())
