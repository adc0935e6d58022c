// What every method does to a small classifier that knows its training images by heart.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct ClassifierMethodTests {
    /// The method with its own phase, in smaller batches and, where given, another learning rate.
    private func run(
        _ method: any ClassifierMethod, on model: any Classifier, learningRate: Double? = nil, epochs: Double? = nil,
        seed: UInt64 = 0
    ) throws -> any Classifier {
        var phase = type(of: method).phaseDefaults
        phase.batchSize = 16
        phase.learningRate = learningRate ?? phase.learningRate
        phase.epochs = epochs ?? phase.epochs
        let copy = try model.copy()
        try method.unlearn(TinyImages.session(copy, phase: phase, seed: seed))
        return copy
    }

    private func differs(_ one: any Classifier, _ other: any Classifier) -> Bool {
        one.parameters.names.contains { !one.parameters[$0].isIdentical(to: other.parameters[$0]) }
    }

    @Test func trainingLearnsWrongLabelsByHeart() throws {
        let model = try TinyImages.trained()
        #expect(TinyImages.accuracy(model, TinyImages.forget) > 0.9)
        #expect(TinyImages.accuracy(model, TinyImages.retain) > 0.95)
    }

    /// One seed is one model, bit for bit; another seed is another model, but for methods without chance.
    @Test(arguments: MethodCatalog.classifiers.map { $0.card.name }.filter { $0 != "sisa" })
    func oneSeedIsOneModel(name: String) throws {
        let method = try MethodCatalog.classifierMethod(name).init()
        let model = try TinyImages.model()
        let first = try run(method, on: model)
        #expect(differs(first, model), "nothing changed")
        #expect(!differs(first, try run(method, on: model)))
        #expect(differs(first, try run(method, on: model, seed: 1)) == (name != "ssd"))
        for name in first.parameters.names { #expect(first.parameters[name].isFinite, "\(name)") }
    }

    /// Methods that raise the forget loss on purpose, each with a rate that suits so small a network.
    @Test(
        arguments: [
            ("gradient-ascent", 0.02), ("gradient-difference", 0.01), ("npo", 0.01), ("neggrad-plus", 0.05),
            ("scrub", 0.005), ("random-labels", 0.05), ("salun", 0.05), ("fanchuan", 0.02),
            ("boundary-shrink", 0.05),
        ])
    func forgetLossRises(name: String, rate: Double) throws {
        let model = try TinyImages.trained()
        let before = TinyImages.loss(model, TinyImages.forget)
        let method = try MethodCatalog.classifierMethod(name).init()
        let after = try run(method, on: model, learningRate: rate, epochs: 10)
        #expect(TinyImages.loss(after, TinyImages.forget) > before + 0.3)
    }

    /// After repair the retain set is known again, though weights were drawn anew.
    @Test(
        arguments: [
            "fine-tune", "neggrad-plus", "scrub", "bad-teacher", "random-labels", "boundary-shrink", "salun", "kookmin",
            "seif", "sebastian", "toshi", "amnesiacs", "sun", "warm-restart",
        ])
    func retainAccuracyIsHeld(name: String) throws {
        let model = try TinyImages.trained()
        let method = try MethodCatalog.classifierMethod(name).init()
        let after = try run(method, on: model, learningRate: name == "scrub" ? 0.005 : 0.05, epochs: 20)
        #expect(TinyImages.accuracy(after, TinyImages.retain) > 0.9)
    }

    /// The noise comes last: everything but the head's weights is as without it.
    @Test func warmRestartDisturbsTheHeadByTheStatedShare() throws {
        let model = try TinyImages.trained()
        var method = WarmRestart()
        method.noise = 0
        let calm = try run(method, on: model).parameters
        method.noise = 0.5
        let noisy = try run(method, on: model).parameters
        for name in calm.names where name != "fc.weight" { #expect(calm[name].isIdentical(to: noisy[name]), "\(name)") }
        let weights = calm["fc.weight"].scalars(Float.self)
        let changes = zip(weights, noisy["fc.weight"].scalars(Float.self)).map { $1 - $0 }
        let share = (changes.map { $0 * $0 }.reduce(0, +) / weights.map { $0 * $0 }.reduce(0, +)).squareRoot()
        // Four standard errors of a deviation that is estimated from so many draws.
        let error = 4 / (2 * Float(weights.count)).squareRoot()
        #expect(abs(share / 0.5 - 1) < error)
    }

    /// Fresh scales are 1 and fresh shifts 0, so that what became of them tells the share that was renewed.
    @Test func aBlockIsRenewedByOneShareAndTheNextByAnother() throws {
        let model = try TinyImages.trained()
        let before = try model.copy().parameters
        var generator = Generator(seed: 0, purpose: "shares")
        TinyImages.session(model, phase: WarmRestart.phaseDefaults).mixFresh(0.2...0.6, using: &generator)
        func shares(_ name: String, fresh: Float) -> [Float] {
            zip(before[name].scalars(Float.self), model.parameters[name].scalars(Float.self))
                .filter { abs(fresh - $0.0) > 0.01 }.map { ($1 - $0) / (fresh - $0) }
        }
        let blocks = ["bn1", "bn2"].map { shares("\($0).weight", fresh: 1) + shares("\($0).bias", fresh: 0) }
        for shares in blocks {
            #expect(shares.count > 4)
            #expect(shares.allSatisfy { abs($0 - shares[0]) < 1e-4 && (0.2...0.6).contains($0) })
        }
        #expect(abs(blocks[0][0] - blocks[1][0]) > 1e-3)
    }

    /// With weights of its own for each image a run goes another way; without them, and without anything drawn anew or
    /// added, runs differ by the order of the images alone.
    @Test func warmRestartWeighsImagesAnewForEachRun() throws {
        let model = try TinyImages.trained()
        var method = WarmRestart()
        (method.renewal, method.noise, method.reweighing) = (0, 0, 0)
        let plain = try run(method, on: model)
        method.reweighing = 1
        #expect(differs(plain, try run(method, on: model)))
    }

    /// A run is of one kind: its images as they are, mirrored and shifted, or as the phase says.
    @Test func warmRestartDrawsHowARunSeesItsImages() throws {
        let model = try TinyImages.trained()
        func run(plain: Double, shifted: Double, _ augmentation: Augmentation) throws -> any Classifier {
            var method = WarmRestart()
            (method.plainRuns, method.shiftedRuns) = (plain, shifted)
            var phase = WarmRestart.phaseDefaults
            phase.augmentation = augmentation
            let copy = try model.copy()
            try method.unlearn(TinyImages.session(copy, phase: phase, seed: 0))
            return copy
        }
        let (none, mirrored) = (Augmentation(), Augmentation(cropBorder: 0, flips: true))
        let shifted = Augmentation(cropBorder: TinyImages.set.width / 8, flips: true)
        let asTheyAre = try run(plain: 0, shifted: 0, none)
        #expect(try !differs(asTheyAre, run(plain: 1, shifted: 0, mirrored)))
        #expect(try differs(asTheyAre, run(plain: 0, shifted: 0, mirrored)))
        #expect(try !differs(run(plain: 0, shifted: 0, shifted), run(plain: 0, shifted: 1, none)))
    }

    @Test func forgetEntryRelearnsTheOriginalsScores() throws {
        let model = try TinyImages.trained()
        var method = ForgetEntry()
        method.cycleEpochs = [10, 20]
        let after = try run(method, on: model, learningRate: 0.02)
        #expect(TinyImages.accuracy(after, TinyImages.retain) > 0.9)
    }

    @Test func salunLeavesTheOtherWeightsBitwiseAsTheyAre() throws {
        let model = try TinyImages.trained()
        var method = SalUn()
        method.share = 0.25
        let after = try run(method, on: model, learningRate: 0.05)
        let counts = model.parameters.trainableNames.map { name -> (kept: Int, all: Int) in
            let (old, new) = (
                model.parameters[name].scalars(Float.self), after.parameters[name].scalars(Float.self)
            )
            return (zip(old, new).count { $0 == $1 }, old.count)
        }
        let (kept, all) = counts.reduce((0, 0)) { ($0.0 + $1.kept, $0.1 + $1.all) }
        #expect(abs(Double(kept) / Double(all) - 0.75) < 0.01)
    }

    @Test func ssdOnlyShrinksAndKeepsTheRestBitwise() throws {
        let model = try TinyImages.trained()
        var method = SSD()
        method.selection = 10
        let after = try run(method, on: model)
        var shrunk = 0
        for name in model.parameters.trainableNames {
            let (old, new) = (
                model.parameters[name].scalars(Float.self), after.parameters[name].scalars(Float.self)
            )
            #expect(zip(old, new).allSatisfy { $0 == $1 || abs($1) < abs($0) }, "\(name)")
            shrunk += zip(old, new).count { $0 != $1 }
        }
        #expect(shrunk > 0 && shrunk < model.parameters.scalarCount)
    }

    /// Exact: the shards that saw no forgotten image stay bitwise, and the others do not depend on the forgotten images.
    @Test func sisaTrainsOnlyTheShardsThatSawForgottenImages() throws {
        var design = ClassifierDesign()
        (design.width, design.shards) = (4, 5)
        let configuration = design.configuration(for: TinyImages.set)
        let model = try ClassifierDirectory.make(configuration, using: Generator(seed: 3, purpose: "test"))
        let sharded = try #require(model as? Sharded)
        let forget = Array(TinyImages.retain.filter { sharded.shard(of: $0) < 2 }.prefix(6))
        let hit = Set(forget.map(sharded.shard))
        let retain = TinyImages.retain.filter { !forget.contains($0) }
        var phase = Phase(learningRate: 0.1, epochs: 5, batchSize: 8)
        phase.augmentation = Augmentation()
        func unlearned(from start: any Classifier) throws -> any Classifier {
            let copy = try start.copy()
            try SISA().unlearn(TinyImages.session(copy, phase: phase, forget: forget, retain: retain))
            return copy
        }
        let after = try unlearned(from: model)
        for name in model.parameters.names {
            let shard = try #require(Int(name.split(separator: ".")[1]))
            #expect(after.parameters[name].isIdentical(to: model.parameters[name]) != hit.contains(shard), "\(name)")
        }
        // Whatever the first model had learnt about them, the result is the same.
        let other = try model.copy()
        for name in other.parameters.trainableNames where hit.contains(Int(name.split(separator: ".")[1]) ?? -1) {
            other.parameters[name].multiply(inPlace: 3)
        }
        #expect(!differs(try unlearned(from: other), after))
        #expect(throws: MethodError.needsShards(method: "sisa")) {
            try SISA().unlearn(TinyImages.session(TinyImages.model(), phase: phase))
        }
    }

    /// Members of a sharded model have blocks of their own.
    @Test func aShardsParameterIsInABlockOfThatShard() throws {
        var design = ClassifierDesign()
        (design.width, design.shards) = (4, 2)
        let configuration = design.configuration(for: TinyImages.set)
        let model = try ClassifierDirectory.make(configuration, using: Generator(seed: 3, purpose: "test"))
        let names = ["shards.0.bn1.weight", "shards.0.bn1.bias", "shards.1.bn1.weight"]
        for name in names { #expect(model.parameters.contains(name)) }
        #expect(names.map(model.block) == ["shards.0.bn1", "shards.0.bn1", "shards.1.bn1"])
    }

    @Test func toshiTransposesEveryKernel() throws {
        let model = try TinyImages.model()
        var method = Toshi()
        method.recipe = .transpose
        let after = try run(method, on: model, learningRate: 1e-9)
        let (old, new) = (model.parameters["conv1.weight"], after.parameters["conv1.weight"])
        let difference = (old.transpose(2, 3) - new).abs().max().item
        #expect(difference < 1e-5)
    }

    @Test func negGradPlusWithoutForgetWeightIgnoresForget() throws {
        var method = NegGradPlus()
        method.alpha = 1
        let model = try TinyImages.trained()
        let before = TinyImages.loss(model, TinyImages.retain)
        #expect(TinyImages.loss(try run(method, on: model), TinyImages.retain) < before + 0.05)
    }

    @Test func eventsCountEveryStepWithItsTerms() throws {
        var events: [StepEvent] = []
        let phase = Phase(learningRate: 0.01, epochs: 2, batchSize: 6, schedule: Schedule(.constant))
        let session = try TinyImages.session(TinyImages.model(), phase: phase) { events.append($0) }
        try GradientDifference().unlearn(session)
        #expect(events.map(\.step) == [0, 1, 2, 3])
        #expect(events.allSatisfy { $0.terms.keys.sorted() == ["forget-ascent", "retain-nll"] })
    }

    @Test func anExplosionStopsTheRunAndNamesTheExamples() throws {
        let phase = Phase(learningRate: 1e30, epochs: 3, batchSize: 12)
        let session = try TinyImages.session(TinyImages.model(), phase: phase)
        let error = #expect(throws: MethodError.self) { try GradientAscent().unlearn(session) }
        guard case .notFinite(_, "forget-ascent", let examples) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(examples.sorted() == TinyImages.forget)
    }

    @Test func missingSplitsAreNamed() throws {
        let phase = FineTune.phaseDefaults
        let session = try TinyImages.session(TinyImages.model(), phase: phase, retain: [])
        #expect(throws: MethodError.needsRetain(method: "fine-tune")) { try FineTune().unlearn(session) }
        let without = try ClassifierSession(
            model: TinyImages.model(), images: TinyImages.set, forget: [0], retain: [1], phase: phase, seed: 0)
        #expect(throws: MethodError.needsExamples(method: "amnesiacs", split: "validation")) {
            try Amnesiacs().unlearn(without)
        }
    }
}
