// Checks how a run's choices are resolved, and the exact sentences for what users get wrong.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnMethods

@Suite struct LanguagePlanTests {
    private func configuration(_ method: String = "npo") -> RunConfiguration {
        var configuration = RunConfiguration()
        configuration.subject = "Ada Lovelace"
        configuration.method = method
        return configuration
    }

    private func resolve(_ settings: String..., method: String = "npo") throws -> LanguagePlan {
        try LanguagePlan(configuration(method), settings: settings.map { try Options.assignment($0) })
    }

    private func sentence(_ settings: String..., method: String = "npo") -> String {
        sentence { try LanguagePlan(configuration(method), settings: settings.map { try Options.assignment($0) }) }
    }

    private func sentence(_ body: () throws -> LanguagePlan) -> String {
        do {
            _ = try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func optionsOfTrainingMethodStudyAndVerdictAreSet() throws {
        let run = try resolve(
            "learningRate=3e-5", "steps=7", "beta=0.2", "retainTerm=kl", "schedule.decay=cosine",
            "study.answerTokens=9",
            "evaluation.samples=2", "verdict.leakAtMost=0.1", "optimizer.weightDecay=0.01")
        #expect(run.training.learningRate == 3e-5)
        #expect(run.training.steps == 7)
        #expect(run.training.schedule.decay == .cosine)
        #expect(run.training.optimizer.weightDecay == 0.01)
        #expect(run.study.answerTokens == 9)
        #expect(run.evaluation.samples == 2)
        #expect(run.verdict.leakAtMost == 0.1)
        let method = try JSONValue(encoding: run.method)
        #expect(method["beta"]?.double == 0.2)
        #expect(method["retainTerm"]?.string == "kl")
        // What was resolved is on record in one place.
        #expect(run.options.json["beta"]?.double == 0.2)
        #expect(run.options.json["steps"]?.int == 7)
        #expect(run.options.json["epochs"]?.int == 5)
    }

    @Test func laterSettingsWin() throws {
        #expect(try resolve("steps=7", "steps=9").training.steps == 9)
    }

    @Test func anUnknownOptionNamesTheNearest() {
        let sentence = sentence("learnRate=1")
        #expect(
            sentence.hasPrefix(
                "There is no option 'learnRate'. Did you mean 'learningRate'? Valid here: learningRate, "))
        #expect(sentence.contains("beta") && sentence.contains("steps"))
    }

    @Test func anUnknownOptionOfAGroupNamesThatGroupsOptions() {
        #expect(
            sentence("study.entity=3") == "There is no option 'study.entity'. Did you mean 'study.entities'? "
                + "Valid here: study.entities, study.temperature, study.neighbours, study.answerTokens, "
                + "study.everythingElse.")
    }

    @Test func anOptionOfAnotherMethodIsUnknown() {
        #expect(sentence("beta=0.1", method: "gradient-ascent").hasPrefix("There is no option 'beta'."))
    }

    @Test(arguments: [
        ("learningRate=fast", "Option 'learningRate' must be a number, but is the text 'fast'. Correct its value."),
        (
            "learningRate=0",
            "Option 'learningRate' has an impossible value: it must be greater than zero. Correct its value."
        ),
        (
            "learningRate=nan",
            "Option 'learningRate' has an impossible value: it is not of type Double. Correct its value."
        ),
        (
            "evaluation.seed=-1",
            "Option 'evaluation.seed' has an impossible value: it must not be negative. Correct its value."
        ),
        ("batchSize=1.5", "Option 'batchSize' must be a whole number, but is 1.5. Correct its value."),
        ("batchSize=0", "Option 'batchSize' has an impossible value: it must be from 1 to 1000000. Correct its value."),
        (
            "retainBatchSize=-1",
            "Option 'retainBatchSize' has an impossible value: it must be from 0 to 1000000. Correct its value."
        ),
        ("steps=0", "Option 'steps' has an impossible value: it must be from 1 to 1000000. Correct its value."),
        (
            "study.entities=-1",
            "Option 'study.entities' has an impossible value: it must be from 0 to 1000000. Correct its value."
        ),
        (
            "schedule.finalShare=-5",
            "Option 'schedule.finalShare' has an impossible value: it must be from 0 to 1. Correct its value."
        ),
        (
            "study.temperature=-1",
            "Option 'study.temperature' has an impossible value: it must not be negative. Correct its value."
        ),
        ("beta=0", "Option 'beta' has an impossible value: it must be greater than zero. Correct its value."),
        (
            "retainWeight=-1",
            "Option 'retainWeight' has an impossible value: it must not be negative. Correct its value."
        ),
        (
            "forgetWeight=1e300",
            "Option 'forgetWeight' has an impossible value: it must be from −1e9 to 1e9. Correct its value."
        ),
        (
            "evaluation.samples=100000000000",
            "Option 'evaluation.samples' has an impossible value: it must be from 0 to 1000. Correct its value."
        ),
        ("steps", "'steps' does not set an option. Write it as key=value, for example learningRate=1e-4."),
    ])
    func aWrongValueIsNamed(setting: String, expected: String) {
        #expect(sentence(setting) == expected)
    }

    @Test(arguments: [
        (
            "forget", "cycleEpochs=[1, -1]",
            "Option 'cycleEpochs' has an impossible value: it must not be negative. Correct its value."
        ),
        (
            "sun", "trainedCount=-1",
            "Option 'trainedCount' has an impossible value: it must not be negative. Correct its value."
        ),
        (
            "scrub", "forgetEpochs=9223372036854775807",
            "Option 'forgetEpochs' has an impossible value: it must be at most 1000000. Correct its value."
        ),
        (
            "scrub", "temperature=0",
            "Option 'temperature' has an impossible value: it must be greater than zero. Correct its value."
        ),
    ])
    func numbersOfClassifierMethodsArePossible(method: String, setting: String, expected: String) {
        #expect(
            throws: KitError.self,
            performing: {
                do {
                    let groups = try ResolvedClassifierMethod.groups(method)
                    _ = try ResolvedOptions(groups, settings: [Options.assignment(setting)])
                } catch {
                    #expect("\(error)" == expected)
                    throw error
                }
            })
    }

    @Test func smallSetsGetTheLeastNumberOfStepsUnlessEpochsAreSet() throws {
        func phase(_ settings: String...) throws -> Phase {
            try ResolvedClassifierMethod(
                "boundary-shrink", settings: settings.map { try Options.assignment($0) }
            ).phase
        }
        // Six batches of 64 hold 360 images; 48,000 take 750.
        #expect(try phase().steps(over: 360) == 50 && phase().steps(over: 48_000) == 750)
        #expect(try phase("epochs=1").steps(over: 360) == 6)
        #expect(try phase("epochs=1", "leastSteps=20").steps(over: 360) == 20)
    }

    @Test func aWordThatIsNoChoiceIsNamed() {
        let sentence = sentence("retainTerm=entropy")
        #expect(sentence.hasPrefix("Option 'retainTerm' has an impossible value: "), "\(sentence)")
    }

    @Test func anUnknownMethodListsTheNearestFirst() {
        let sentence = sentence(method: "gradient-diference")
        let beginning = "There is no method 'gradient-diference'. Methods are: gradient-difference, gradient-ascent, "
        #expect(sentence.hasPrefix(beginning) && sentence.hasSuffix("."))
        let listed = sentence.dropLast().split(separator: ": ")[1].components(separatedBy: ", ")
        #expect(Set(listed) == Set(MethodCatalog.language.map { $0.card.name }))
    }

    @Test func somethingMustBeForgotten() {
        var configuration = configuration()
        configuration.subject = " "
        #expect(
            sentence { try LanguagePlan(configuration, settings: []) }
                == "Option 'subject' has an impossible value: neither a subject nor a file to forget is given. "
                + "Correct its value.")
    }

    @Test func aMissingFileOfExamplesIsFoundBeforeAnythingIsRead() {
        var configuration = configuration()
        configuration.retain = "nowhere.jsonl"
        #expect(
            sentence { try LanguagePlan(configuration, settings: []) }
                == "'nowhere.jsonl' does not exist; expected a file of examples for --retain. Check the path.")
    }
}

@Suite struct RunFileTests {
    @Test func everyFlagHasAKeyAndOptionsStandUnderSet() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "run.yaml",
            """
            # forgets a person
            model: models/tiny
            subject: Ada Lovelace
            terms: Byron,engine
            method: npo
            output: runs/ada
            seed: 7
            threads: 2
            chatFormat: plain
            set:
              learningRate: 3e-5
              schedule: {decay: constant}
            """)
        let (configuration, settings) = try RunFile.read(file)
        var expected = RunConfiguration()
        expected.model = "models/tiny"
        expected.subject = "Ada Lovelace"
        expected.terms = "Byron,engine"
        expected.method = "npo"
        expected.output = "runs/ada"
        expected.seed = 7
        expected.threads = 2
        expected.chatFormat = .plain
        #expect(configuration == expected)
        let run = try LanguagePlan(configuration, settings: settings)
        #expect(run.training.learningRate == 3e-5)
        #expect(run.training.schedule.decay == .constant)
    }

    @Test func aFileMayHoldStepsThatShareKeys() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "run.yaml",
            """
            seed: 3
            steps:
              - {command: train, model: tiny, data: book.txt, output: taught}
              - {model: taught/model, forget: book.txt, output: forgot, seed: 4}
            """)
        let steps = try RunFile.steps(file)
        #expect(try steps.map(RunFile.kind) == [.train, .forget])
        let train = try RunFile.read(steps[0], as: TrainingConfiguration.self).0
        #expect(train.seed == 3 && train.data == "book.txt")
        let forget = try RunFile.read(steps[1]).0
        #expect(forget.seed == 4 && forget.model == "taught/model")
        for text in ["steps: []", "steps: 2", "steps: [train]"] {
            let file = try folder.file("wrong.yaml", text)
            #expect(
                throws: KitError.invalidOption(path: "steps", problem: "it must be a list of what is to be done")
            ) { try RunFile.steps(file) }
        }
        #expect(try RunFile.steps(folder.file("one.yaml", "model: tiny")).count == 1)
    }

    private func sentence(_ text: String) throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.file("run.yaml", text)
        do {
            let (configuration, settings) = try RunFile.read(file)
            _ = try LanguagePlan(configuration, settings: settings)
            return "no error"
        } catch { return "\(error)".replacing(folder.url.path + "/", with: "") }
    }

    @Test func anUnknownKeyNamesTheNearest() throws {
        let sentence = try sentence("subject: Ada\nmodle: tiny\n")
        #expect(sentence.hasPrefix("There is no option 'modle'. Did you mean 'model'? Valid here: model, "))
    }

    @Test(arguments: [
        ("subject: Ada\nseed: -1\n", "Option 'seed' has an impossible value: it must not be negative. "),
        ("subject: Ada\nchatFormat: jinja\n", "Option 'chatFormat' has an impossible value: "),
        ("subject: Ada\nthreads: 0\n", "Option 'threads' has an impossible value: it must be from 1 to 1024."),
        ("subject: [Ada\n", "The configuration 'run.yaml' cannot be read: "),
        ("- subject\n", "The configuration 'run.yaml' cannot be read: expected keys with values, found a list."),
        ("subject: Ada\nset: fast\n", "Option 'set' has an impossible value: it must hold options with their values. "),
        ("subject: Ada\nset:\n", "no error"),
    ])
    func aWrongFileGivesOneSentence(text: String, expected: String) throws {
        let sentence = try sentence(text)
        #expect(sentence.hasPrefix(expected), "\(sentence)")
        #expect(!sentence.contains("\n"))
    }
}
