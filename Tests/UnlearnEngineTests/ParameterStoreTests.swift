// Checks how parameters are chosen by pattern, and that only the chosen ones are trained.

import Testing
import UnlearnEngine

@Suite struct ParameterStoreTests {
    private static let names = [
        "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.up_proj.weight",
        "model.layers.0.input_layernorm.weight", "model.layers.1.mlp.up_proj.weight", "model.norm.weight",
    ]

    @Test(arguments: [
        ("*", [0, 1, 2, 3, 4, 5]),
        ("model.norm.weight", [5]),
        ("model.layers.*_proj.weight", [1, 2, 4]),
        ("model.layers.*.mlp.*", [2, 4]),
        ("*norm*", [3, 5]),
        // Several patterns select each name once, in store order.
        ("model.norm.weight,model.layers.1.*,*up_proj*", [2, 4, 5]),
        (" model.norm.weight , *up_proj* ", [2, 4, 5]),
    ])
    func aPatternSelectsInStoreOrder(pattern: String, expected: [Int]) throws {
        #expect(try ParameterStore.select(pattern, from: Self.names) == expected.map { Self.names[$0] })
    }

    /// The pieces around a star may not overlap: "a*a" is not "a".
    @Test(arguments: ["", ",", "norm", "model.norm.weight*weight", "model.layers.*.attention.*"])
    func aPatternWithoutMatchNamesSomeParameters(pattern: String) {
        let error = #expect(throws: CheckpointError.self) {
            try ParameterStore.select(pattern, from: Self.names)
        }
        #expect(
            error?.description == "No parameter matches '\(pattern)'. Names look like model.embed_tokens.weight, "
                + "model.layers.0.self_attn.q_proj.weight, model.layers.0.mlp.up_proj.weight; * stands for any text.")
    }

    @Test func onlyTheChosenParametersAreTrained() {
        let store = ParameterStore()
        for name in Self.names { store.add(name, .zeros([2])) }
        let trained = store.train(["model.norm.weight", "model.embed_tokens.weight"])
        #expect(trained.count == 2)
        #expect(Self.names.map { store[$0].requiresGradient } == [true, false, false, false, false, true])
        #expect(store.train([]).isEmpty)
        #expect(Self.names.allSatisfy { !store[$0].requiresGradient })
        #expect(store.scalarCount == 12)
    }
}
