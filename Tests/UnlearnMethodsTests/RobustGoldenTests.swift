// What makes a method's result hold, against torch: see Tools/reference/robust_golden.py.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

@Suite struct RobustGoldenTests {
    private let golden: LanguageGolden

    init() throws { golden = try LanguageGolden("robust") }

    @Test func flatStepsEqualTheReference() throws {
        let model = try GoldenStep().reference
        var norms: [Double] = []
        let rho = try golden.number("flatness.rho")
        try GradientDifference().unlearn(
            golden.session(model, nil, { norms.append($0.gradientNorm) }) { $0.flatness.rho = rho })
        for name in model.parameters.names {
            #expect(try golden.distance(model.parameters[name], "flatness.\(name)") < 2e-6, "\(name)")
        }
        let expected = try golden.numbers("flatness", "gradientNorms")
        #expect(norms.count == expected.count)
        for (norm, value) in zip(norms, expected) { #expect(abs(norm - value) < 1e-3 * value) }
        // The spot itself is come back to, to the bit.
        let still = try GoldenStep().reference
        let before = still.parameters.snapshot()
        try GradientDifference().unlearn(
            golden.session(
                still,
                change: { options in
                    options.flatness.rho = rho
                    options.learningRate = 0
                }))
        for (name, kept) in zip(still.parameters.names, before) {
            #expect(still.parameters[name].isIdentical(to: kept), "\(name)")
        }
        // Steps on the spot go elsewhere.
        let plain = try GoldenStep().reference
        try GradientDifference().unlearn(golden.session(plain))
        let name = "model.layers.0.mlp.up_proj.weight"
        #expect(try golden.distance(plain.parameters[name], "flatness.\(name)") > 2e-6)
    }
}
