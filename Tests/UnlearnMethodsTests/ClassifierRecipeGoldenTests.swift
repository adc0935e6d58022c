// Whole runs of the methods that are recipes of many steps against PyTorch: see
// Tools/reference/classifier_recipes_golden.py. What they draw by chance is in ClassifierDrawGoldenTests.swift.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnMethods
@testable import UnlearnModels

@Suite struct ClassifierRecipeGoldenTests {
    @Test func boundaryShrinkEqualsTheReference() throws {
        var phase = BoundaryShrink.phaseDefaults
        phase.leastSteps = 5
        try GoldenRun(BoundaryShrink(), fed: false, phase: phase).agrees("boundary-shrink", since: "original")
    }

    @Test func fanchuanEqualsTheReference() throws {
        try GoldenRun(Fanchuan(), fed: false).agrees("fanchuan", since: "original")
    }

    /// Long enough that the rate falls after its warm-up.
    @Test func kookminEqualsTheReference() throws {
        var phase = Kookmin.phaseDefaults
        phase.epochs = 24
        try GoldenRun(Kookmin(), fed: true, phase: phase).agrees("kookmin", since: "start")
    }

    @Test func seifEqualsTheReference() throws {
        var method = Seif()
        method.lastNoise = 0
        try GoldenRun(method, fed: true).agrees("seif", since: "start")
    }

    @Test func sebastianEqualsTheReference() throws {
        var phase = Sebastian.phaseDefaults
        phase.batchSize = 6
        try GoldenRun(Sebastian(), fed: true, phase: phase).agrees("sebastian", since: "start")
    }

    @Test(arguments: [("toshi-transpose", Toshi.Recipe.transpose), ("toshi-pseudo-labels", .pseudoLabels)])
    func toshiEqualsTheReference(name: String, recipe: Toshi.Recipe) throws {
        var method = Toshi()
        method.recipe = recipe
        try GoldenRun(method, fed: false).agrees(name, since: "original")
    }

    @Test func amnesiacsEqualsTheReference() throws {
        try GoldenRun(Amnesiacs(), fed: true).agrees("amnesiacs", since: "start")
    }

    /// Without lots the first epochs train nothing but norms.
    @Test func sunEqualsTheReference() throws {
        var method = Sun()
        (method.trainedCount, method.noisyCount) = (0, 0)
        try GoldenRun(method, fed: true).agrees("sun", since: "start")
    }

    @Test func forgetEntryEqualsTheReference() throws {
        var method = ForgetEntry()
        (method.layerCount, method.noise) = (0, 0)
        try GoldenRun(method, fed: true).agrees("forget", since: "start")
    }

    @Test func warmRestartEqualsTheReference() throws {
        var method = WarmRestart()
        (method.plainRuns, method.reweighing, method.noise) = (1, 0, 0)
        try GoldenRun(method, fed: true).agrees("warm-restart", since: "start")
    }

    /// The images are dealt out as in the reference under some seed; the network that saw a forgotten one is trained
    /// anew on its own retain images, the other stays bitwise, and the model's scores are those of both together.
    @Test func sisaEqualsTheReference() throws {
        let golden = try GoldenImages("classifier-recipes")
        let start = try golden.network("start").parameters.snapshot()
        let kept = try golden.network("original")
        let hit = WatchedClassifier(try golden.network("original"), start: start)
        let wanted = try ["forget", "retain"].map { set in
            try #require(golden.json["shards"]?[set]?.array).compactMap(\.int)
        }
        let forget = Array(golden.forget.prefix(wanted[0].count))
        let sharded = try #require(
            try (0..<5000).lazy.map { seed in
                try Sharded([kept, hit], seed: seed, Weights(using: Generator(seed: 0, purpose: "unused")))
            }.first { model in forget.map(model.shard) == wanted[0] && golden.retain.map(model.shard) == wanted[1] })
        var phase = SISA.phaseDefaults
        phase.epochs = Double(try #require(golden.json["lengths"]?["sisa"]?.int))
        phase.augmentation = Augmentation()
        let before = kept.parameters.values
        var events: [StepEvent] = []
        try SISA().unlearn(
            ClassifierSession(
                model: sharded, images: golden.images, forget: forget, retain: golden.retain, phase: phase, seed: 0,
                onStep: { events.append($0) }))
        try golden.agree(events, "sisa")
        #expect(try golden.agrees(hit.parameters, "sisa", since: "start"))
        #expect(kept.parameters.values == before)
        let scores = sharded.logits(of: golden.images, golden.forget).scalars(Float.self)
        #expect(zip(scores, try golden.values("sisa-scores")).allSatisfy { isClose($0, $1) })
        // What takes the place of the old parameters owes nothing to them.
        let drawn = try #require(hit.passes.first)
        #expect(differing(drawn, before) == hit.parameters.names.sorted())
        Draws(drawn, "conv2.weight", deviation: (2 / Double(6 * 9)).squareRoot()).follow(.normal)
    }
}
