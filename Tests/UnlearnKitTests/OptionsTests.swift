// Checks how options are resolved, and the exact sentences for what users get wrong.
import Foundation
import Testing
import UnlearnData
import UnlearnFormats
import UnlearnKit

private struct Schedule: Configurable {
    var warmUpSteps = 4
    var floor: Double = 0.1
}

private struct MethodOptions: Configurable {
    enum Answer: String, Codable { case invented, unknown }

    var learningRate = 1e-4
    var retainWeight: Float = 0.2
    var steps = 34
    var freezeEmbeddings = true
    var answer = Answer.invented
    var name = "default"
    var layers: [Int]?
    var schedule = Schedule()
    var weights: [String: Double] = [:]
}

@Suite struct OptionsTests {
    private func resolve(_ settings: String...) throws -> MethodOptions {
        try Options.resolve(overlays: settings.map { try Options.assignment($0) }, at: "method.options")
    }

    private func sentence(_ settings: String...) -> String {
        do {
            _ = try Options.resolve(
                MethodOptions.self, overlays: settings.map { try Options.assignment($0) }, at: "method.options")
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func nothingSetGivesTheDefaults() throws {
        #expect(try resolve() == MethodOptions())
    }

    @Test func settingsReplaceDefaultsAtAnyDepth() throws {
        let options = try resolve(
            "learningRate=3e-5", "steps=10.0", "freezeEmbeddings=false", "answer=unknown", "name=1984",
            "layers=[1, 2]", "schedule.floor=1", "weights.kl=2.5", "retainWeight=0.3")
        var expected = MethodOptions()
        expected.learningRate = 3e-5
        expected.steps = 10
        expected.freezeEmbeddings = false
        expected.answer = .unknown
        expected.name = "1984"
        expected.layers = [1, 2]
        expected.schedule.floor = 1
        expected.weights = ["kl": 2.5]
        expected.retainWeight = 0.3
        #expect(options == expected)
    }

    @Test func laterSettingsWin() throws {
        #expect(try resolve("steps=1", "steps=2").steps == 2)
    }

    @Test func anUnknownKeyNamesItsPathAndTheNearestValidOne() {
        #expect(
            sentence("learning_rate=1")
                == "There is no option 'method.options.learning_rate'. Did you mean 'method.options.learningRate'? Valid "
                + "here: method.options.learningRate, method.options.weights, method.options.retainWeight, "
                + "method.options.answer, method.options.name, method.options.layers, method.options.schedule, "
                + "method.options.steps, method.options.freezeEmbeddings.")
        // Where nothing is close, nothing is suggested.
        #expect(
            sentence("schedule.zzzzzz=1")
                == "There is no option 'method.options.schedule.zzzzzz'. Valid here: method.options.schedule.floor, "
                + "method.options.schedule.warmUpSteps.")
        #expect(
            sentence("schedule.flor=1")
                == "There is no option 'method.options.schedule.flor'. Did you mean 'method.options.schedule.floor'? "
                + "Valid here: method.options.schedule.floor, method.options.schedule.warmUpSteps.")
    }

    @Test(arguments: [
        ("steps=many", "Option 'method.options.steps' must be a whole number, but is the text 'many'."),
        ("steps=1.5", "Option 'method.options.steps' must be a whole number, but is 1.5."),
        ("learningRate=fast", "Option 'method.options.learningRate' must be a number, but is the text 'fast'."),
        (
            "freezeEmbeddings=no",
            "Option 'method.options.freezeEmbeddings' must be true or false, but is the text 'no'."
        ),
        ("name=[a]", "Option 'method.options.name' must be text, but is a list."),
        ("schedule=3", "Option 'method.options.schedule' must be a group of options, but is 3."),
    ])
    func aWrongKindNamesTheExpectedOne(setting: String, expected: String) {
        #expect(sentence(setting) == expected + " Correct its value.")
    }

    @Test func anImpossibleValueNamesItsPath() {
        #expect(sentence("answer=maybe").hasPrefix("Option 'method.options.answer' has an impossible value: "))
        #expect(sentence("steps=null").hasPrefix("Option 'method.options.steps' has an impossible value: "))
        #expect(sentence("layers=x").hasPrefix("Option 'method.options.layers' has an impossible value: "))
    }

    @Test(arguments: ["steps", "=3", "a..b=3"])
    func whatIsNoAssignmentSaysHowToWriteOne(text: String) {
        #expect(throws: KitError.malformedAssignment(text)) { try Options.assignment(text) }
        #expect(
            KitError.malformedAssignment("steps").description
                == "'steps' does not set an option. Write it as key=value, for example learningRate=1e-4.")
    }

    @Test func configurationFilesKeepTheirOrderAndTheirKinds() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "run.yaml",
            "seed: 3\nmethod:\n  name: npo\n  beta: 1e-1\ncountry: no\nquoted: \"3\"\nnone: ~\nlist: [1, 2.5]\n")
        let value = try Options.read(file)
        #expect(
            value.text()
                == #"{"seed":3,"method":{"name":"npo","beta":0.1},"country":"no","quoted":"3","none":null,"list":[1,2.5]}"#
        )
        #expect(try Options.read(try folder.file("empty.yaml", "# nothing\n")) == [:])
        #expect(try Options.read(try folder.file("run.json", #"{"seed": 3}"#)) == ["seed": 3])
        for text in ["seed: 3", "\r\nseed: 3\r\n", "---\nseed: 3", "{seed: 3}"] {
            #expect(try Options.read(try folder.file("marked.yaml", "\u{FEFF}" + text)) == ["seed": 3])
        }
    }

    @Test func aBrokenConfigurationNamesThePlace() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("run.yaml", "a: 1\na: 2\n")
        #expect(throws: KitError.self) { try Options.read(file) }
        let list = try folder.file("list.yaml", "- 1\n")
        #expect(
            throws: KitError.malformedConfiguration(
                path: list.path, problem: "expected keys with values, found a list")
        ) { try Options.read(list) }
        let open = try folder.file("open.yaml", "a: [1\nb: 2\n")
        do {
            _ = try Options.read(open)
            Issue.record("an open list was read")
        } catch {
            #expect("\(error)".hasPrefix("The configuration '\(open.path)' cannot be read: "))
            #expect("\(error)".contains("at line "))
        }
    }

    @Test func unfoldingAliasesEnds() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...7 {
            text +=
                "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        let folder = try TemporaryFolder()
        let file = try folder.file("bomb.yaml", text)
        #expect(
            throws: KitError.malformedConfiguration(path: file.path, problem: "it unfolds to more than 100000 values")
        ) { try Options.read(file) }
    }

    @Test func namesAreOrderedByEditsNeeded() {
        #expect(
            NearestName.ordered(["npo", "gradient-ascent", "gradient-difference"], by: "gradient-asent").first
                == "gradient-ascent")
        #expect(NearestName.ordered(["abc", "acb", "xyz"], by: "acb") == ["acb", "abc", "xyz"])
        #expect(NearestName.ordered(["b", "a"], by: "") == ["b", "a"])
    }

    @Test func encodingKeepsOrderNilAndFractions() throws {
        #expect(
            try JSONValue(encoding: MethodOptions()).text()
                == #"{"learningRate":0.0001,"retainWeight":0.2,"steps":34,"freezeEmbeddings":true,"answer":"invented","#
                + #""name":"default","layers":null,"schedule":{"warmUpSteps":4,"floor":0.1},"weights":{}}"#)
        #expect(try JSONValue(encoding: [[1], []]).text() == "[[1],[]]")
    }
}
