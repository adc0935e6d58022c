// Memory of tensors: whatever comes and goes, on however many threads, no two tensors ever share any.

import Testing
import UnlearnEngine

struct MemoryTests {
    init() { Runtime.configure(threads: 1) }

    @Test func tensorsThatComeAndGoOnManyThreadsKeepTheirValues() async {
        let spoilt = await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask { spoiltTensors(of: task) }
            }
            return await group.reduce(0, +)
        }
        #expect(spoilt == 0)
    }
}

/// How many of a thousand tensors of 4 bytes to 1 MB, sixteen of which live at a time, did not hold their own value when
/// their time was over.
private func spoiltTensors(of task: Int) -> Int {
    var generator = Generator(seed: UInt64(task), purpose: "memory")
    var held = [(value: Double, tensor: Tensor)?](repeating: nil, count: 16)
    var spoilt = 0
    for number in 0..<1000 {
        let place = Int(generator.uniform() * 16)
        if let (value, tensor) = held[place], (tensor + -value).square().sum().item != 0 { spoilt += 1 }
        let count = Int(generator.uniform() * generator.uniform() * 262_144) + 1
        let value = Double(1000 * task + number)
        held[place] = (value, .zeros([count]) + value)
        if number % 100 == 0 { Runtime.trimMemory() }
    }
    return spoilt
}
