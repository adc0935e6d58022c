"""The random numbers of a run, again: SplitMix64 (Steele, Lea and Flood 2014), whose stream depends on the run's seed and on a
purpose by FNV-1a. For golden values of what is drawn.
"""

import math

import torch

WORD = 2**64


class SplitMix64:
    def __init__(self, seed, purpose):
        hash_ = 0xCBF29CE484222325
        for byte in purpose.encode():
            hash_ = (hash_ ^ byte) * 0x100000001B3 % WORD
        self.state = (seed * 0x9E3779B97F4A7C15 % WORD) ^ hash_
        self.next()

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % WORD
        mixed = (self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % WORD
        return mixed ^ (mixed >> 31)

    def below(self, bound):
        """A number from 0 to bound - 1, by the upper half of a product; bounds are far too small for a second draw."""
        return self.next() * bound // WORD

    def uniform(self):
        return (self.next() >> 40) * 2.0**-24

    def normals(self, shape):
        """Standard normal numbers by Box and Muller, in row order."""
        values = []
        for _ in range(math.prod(shape)):
            radius = math.sqrt(-2 * math.log(1 - self.uniform()))
            values.append(radius * math.cos(2 * math.pi * self.uniform()))
        return torch.tensor(values, dtype=torch.float32).reshape(shape)
