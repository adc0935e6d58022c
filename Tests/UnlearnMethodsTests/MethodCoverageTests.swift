// What a method in the catalog must have beside its file: golden values and a test of what it does.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@testable import UnlearnMethods

@Suite struct MethodCoverageTests {
    /// For every method the cases of the golden files that hold its terms, results or whole runs.
    private static let golden = [
        "translated-distillation": ["softLabels"], "gradient-ascent": ["gradientAscent", "gradient-ascent"],
        "gradient-difference": ["gradientDifferenceNLL", "gradientDifferenceHidden", "gradient-difference"],
        "npo": ["npo", "npoKL"], "simnpo": ["simnpo", "simnpoNLL"], "dpo": ["dpo", "dpoKL"],
        "rmu": ["rmu"], "fine-tune": ["fine-tune"],
        "neggrad-plus": ["neggrad-plus"], "scrub": ["scrub-forget", "scrub-retain"], "bad-teacher": ["bad-teacher"],
        "random-labels": ["random-labels"], "ssd": ["ssd"], "salun": ["salun"], "boundary-shrink": ["boundary-shrink"],
        "sisa": ["sisa", "sisa-scores"], "fanchuan": ["fanchuan"], "kookmin": ["kookmin", "kookmin-drawn"],
        "seif": ["seif"], "sebastian": ["sebastian", "sebastian-drawn"],
        "toshi": ["toshi-transpose", "toshi-pseudo-labels"], "amnesiacs": ["amnesiacs"], "sun": ["sun"],
        "forget": ["forget"], "warm-restart": ["warm-restart"],
        "encoder-redirection": [
            "encoder-redirection", "encoder-redirection-noise", "encoder-redirection-other-context",
            "encoder-redirection-budget",
        ],
        "max-loss": ["max-loss"], "noisy-label": ["noisy-label"], "retain-label": ["retain-label"],
        "random-encoder": ["random-encoder"],
        "perturbed-distillation": ["perturbed-distillation"],
        "task-vector": ["task-vector"], "spunge": ["spunge"], "whp": ["whp"],
        "elm": ["elm"], "undo": ["undo", "undo-unlearned", "undo-disturbed"], "repselect": ["repselect"],
    ]

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    /// The names of the cases that the golden files hold: of terms, of whole runs, and of tensors before their first dot.
    private static func computed() throws -> Set<String> {
        var found: Set<String> = []
        for folder in [
            "methods", "classifier-methods", "classifier-recipes", "generator-methods", "generator-distillation",
            "weight-methods", "whp", "elm", "robust",
            "robust-methods",
        ] {
            let folder = tests.appending(path: "../Golden/\(folder)")
            let json = try JSONValue(contentsOf: folder.appending(path: "golden.json"))
            for key in (json["terms"]?.object?.keys ?? []) + (json["runs"]?.object?.keys ?? []) {
                found.insert(key.replacing("meanOfTokens.", with: ""))
            }
            let tensors = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
            found.formUnion(tensors.names.map { String($0.prefix { $0 != "." }) })
        }
        return found
    }

    /// The text of the tests in this folder.
    private static func written(golden: Bool) throws -> String {
        try FileManager.default.contentsOfDirectory(atPath: tests.path)
            .filter { $0.hasSuffix("Tests.swift") && !$0.contains("Coverage") && $0.contains("Golden") == golden }
            .sorted().map { try String(contentsOf: tests.appending(path: $0), encoding: .utf8) }.joined()
    }

    /// What a method lacks.
    /// - Parameters:
    ///   - cases: those that are said to be its own.
    ///   - compared: the text of the tests that compare with golden files.
    private static func gaps(
        _ type: any UnlearningMethod.Type, _ cases: [String], computed: Set<String>, compared: String
    ) -> [String] {
        var gaps = cases.isEmpty ? ["no case is listed in MethodCoverageTests.golden"] : []
        for name in cases {
            if !computed.contains(name) { gaps.append("no golden file holds '\(name)'") }
            // A case is named as it is, or with one of its tensors.
            let isCompared = compared.contains("\"\(name)\"") || compared.contains("\"\(name).")
            if !isCompared { gaps.append("no golden test compares with '\(name)'") }
        }
        if !compared.lowercased().contains("\(type)".lowercased()) { gaps.append("no golden test names '\(type)'") }
        return gaps
    }

    @Test func everyMethodHasGoldenValues() throws {
        let (computed, compared) = (try Self.computed(), try Self.written(golden: true))
        for type in MethodCatalog.all {
            let name = type.card.name
            let gaps = Self.gaps(type, Self.golden[name] ?? [], computed: computed, compared: compared)
            #expect(
                gaps.isEmpty,
                """
                The method '\(name)' has no golden values. Compute its terms in Tools/reference/methods_golden.py or \
                classifier_methods_golden.py, or a whole run in classifier_recipes_golden.py, run `make golden`, compare \
                with them in a file of tests named …GoldenTests.swift, and name the cases in MethodCoverageTests.golden.
                """)
        }
        #expect(Set(Self.golden.keys).isSubset(of: MethodCatalog.cards.map(\.name)))
    }

    /// A method of tomorrow, as it is before anything was written for it.
    private struct NewMethod: UnlearningMethod {
        static let card = Card(name: "new", summary: "Nothing yet.", paper: nil, needs: [])
    }

    @Test func aMethodWithoutGoldenValuesIsFound() throws {
        let (computed, compared) = (try Self.computed(), try Self.written(golden: true))
        func gaps(_ type: any UnlearningMethod.Type, _ cases: [String]) -> [String] {
            Self.gaps(type, cases, computed: computed, compared: compared)
        }
        #expect(
            gaps(NewMethod.self, []) == [
                "no case is listed in MethodCoverageTests.golden", "no golden test names 'NewMethod'",
            ])
        #expect(
            gaps(NPO.self, ["npo", "new"]) == [
                "no golden file holds 'new'", "no golden test compares with 'new'",
            ])
        // The golden file holds it for the code's sake alone.
        #expect(gaps(NPO.self, ["meanOfExamples"]).contains("no golden test compares with 'meanOfExamples'"))
    }

    @Test func everyMethodHasATestOfWhatItDoes() throws {
        let written = try Self.written(golden: false)
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
