"""Which examples unlearn reads in each step: its generator and its plan of batches, so that the peer reads the same ones."""

MASK = (1 << 64) - 1


class Generator:
    """SplitMix64, seeded by a run's seed and by what the numbers are for, as in Sources/UnlearnEngine/Generator.swift."""

    def __init__(self, seed, purpose):
        value = 0xCBF29CE484222325
        for byte in purpose.encode():
            value = (value ^ byte) * 0x100000001B3 & MASK
        self.state = (seed * 0x9E3779B97F4A7C15 & MASK) ^ value
        self.next()

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK
        return mixed ^ mixed >> 31

    def below(self, bound):
        """Swift's `Int.random(in: 0..<bound, using:)`: the high half of a product, redrawn where that would be uneven."""
        while True:
            product = self.next() * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64

    def shuffled(self, count):
        values = list(range(count))
        for place in range(count - 1):
            other = place + self.below(count - place)
            values[place], values[other] = values[other], values[place]
        return values


def steps(counts, per_step, length, seed=0):
    """[steps][groups][indices], as in Sources/UnlearnData/BatchPlan.swift."""
    streams = []
    for group, (count, taken) in enumerate(zip(counts, per_step)):
        generator, stream = Generator(seed, f"batch plan {group}"), []
        while count and len(stream) < length * taken:
            stream += generator.shuffled(count)
        streams.append([stream[step * taken:(step + 1) * taken] for step in range(length)])
    return [list(step) for step in zip(*streams)]
