// Rounding the weights of a model in memory, and taking it back.

import Foundation
import Testing
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnKit

@Suite struct RoundingTests {
    private func parameters(_ name: String) throws -> ParameterStore {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name)")
        return try ModelDirectory(golden).load().parameters
    }

    /// Blocks run along the inputs, whichever way a matrix is stored; the model comes back to the bit.
    @Test(arguments: [
        ("llama-tied", "model.layers.1.mlp.down_proj.weight"), ("gpt2", "transformer.h.1.mlp.c_proj.weight"),
    ])
    func matricesAreRoundedAndComeBackToTheBit(model: String, name: String) throws {
        let store = try parameters(model)
        let slot = try #require(store.slots.first { $0.weightName == name })
        let before = store.snapshot()
        let own = (slot.isTransposed ? store[name].transpose(0, 1) : store[name]).contiguous().scalars(Float.self)
        var expected = own
        #expect(expected.withUnsafeMutableBufferPointer { GGMLType.q40.round($0) })
        #expect(expected != own)
        let look = try Rounding.rounded(store, .fourBits) {
            let found = slot.isTransposed ? store[name].transpose(0, 1) : store[name]
            #expect(found.contiguous().scalars(Float.self) == expected)
            return .skipped(form: "looked", reason: "")
        }
        guard case .skipped("looked", _) = look else {
            Issue.record("\(look)")
            return
        }
        for (name, kept) in zip(store.names, before) { #expect(store[name].isIdentical(to: kept), "\(name)") }
    }

    @Test func whatIsTooLargeIsSaid() throws {
        let store = try parameters("llama-tied")
        withoutRecording { store["model.layers.1.mlp.down_proj.weight"].multiply(inPlace: 1e30) }
        let before = store.snapshot()
        guard
            case .skipped("q4_0", let reason) = try Rounding.rounded(
                store, .fourBits, { .skipped(form: "", reason: "") })
        else {
            Issue.record("It was rounded.")
            return
        }
        #expect(reason == "'model.layers.1.mlp.down_proj.weight' holds a number that is too large for it.")
        for (name, kept) in zip(store.names, before) { #expect(store[name].isIdentical(to: kept), "\(name)") }
    }
}
