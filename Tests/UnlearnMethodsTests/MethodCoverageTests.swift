// What a method in the catalog must have beside its file: golden values and a test of what it does.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@testable import UnlearnMethods

@Suite struct MethodCoverageTests {
    /// The cases of the golden files that hold each method's terms, or what else it computes.
    private static let golden = [
        "translated-distillation": ["softLabels"], "gradient-ascent": ["gradientAscent", "gradient-ascent"],
        "gradient-difference": ["gradientDifferenceNLL", "gradientDifferenceHidden", "gradient-difference"],
        "npo": ["npo", "npoKL"], "simnpo": ["simnpo", "simnpoNLL"], "rmu": ["rmu"], "fine-tune": ["fine-tune"],
        "neggrad-plus": ["neggrad-plus"], "scrub": ["scrub-forget", "scrub-retain"], "bad-teacher": ["bad-teacher"],
        "random-labels": ["random-labels"], "ssd": ["ssd"], "salun": ["salun"],
    ]
    /// Methods that draw parameters, labels or parts anew and then train with losses that have golden values of their own.
    private static let recipes: Set = [
        "boundary-shrink", "sisa", "fanchuan", "kookmin", "seif", "sebastian", "toshi", "amnesiacs", "sun", "forget",
        "warm-restart",
    ]

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    private func text(_ names: [String]) throws -> String {
        try names.map { try String(contentsOf: Self.tests.appending(path: $0), encoding: .utf8) }.joined()
    }

    @Test(arguments: MethodCatalog.cards.map(\.name))
    func everyMethodHasGoldenValues(name: String) throws {
        if Self.recipes.contains(name) { return }
        let advice: Comment = """
            The method '\(name)' has no golden values. Compute its terms in Tools/reference/methods_golden.py or \
            classifier_methods_golden.py, run `make golden`, compare with them in MethodGoldenTests.swift or \
            ClassifierMethodGoldenTests.swift, and name the cases in MethodCoverageTests.golden.
            """
        let cases = try #require(Self.golden[name], advice)
        let compared = try text(["MethodGoldenTests.swift", "ClassifierMethodGoldenTests.swift"])
        let known = try ["methods", "classifier-methods"].map { folder in
            try JSONValue(contentsOf: Self.tests.appending(path: "../Golden/\(folder)/golden.json")).text()
        }.joined()
        for name in cases {
            #expect(known.contains("\(name)\"") || known.contains("\"\(name)"), advice)
            #expect(compared.contains("\"\(name)"), advice)
        }
    }

    @Test func everyMethodHasATestOfWhatItDoes() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.tests.path)
            .filter { $0.hasSuffix("Tests.swift") && !$0.contains("Golden") && !$0.contains("Coverage") }
        let written = try text(files.sorted())
        for type in MethodCatalog.all {
            let isTested = written.contains("\(type)()") || written.contains("\"\(type.card.name)\"")
            #expect(
                isTested || type.card.name == TranslatedDistillation.card.name,
                """
                Nothing tests what the method '\(type.card.name)' does to a model. Add to MethodTests.swift or \
                ClassifierMethodTests.swift a test that it raises the forget loss and holds the rest.
                """)
        }
    }
}
