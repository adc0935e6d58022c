// A network that shows what a method makes of it, and whole runs of methods on it.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats
import UnlearnModels

@testable import UnlearnMethods

typealias Values = [String: [Float]]

extension ParameterStore {
    var values: Values { Dictionary(uniqueKeysWithValues: names.map { ($0, self[$0].scalars(Float.self)) }) }
}

/// Keeps the parameters before each pass of training. What a method drew by chance before the first one can be replaced
/// there, so that what follows does not depend on it.
final class WatchedClassifier: Classifier {
    let network: any Classifier
    private let start: [Tensor]?
    /// All parameters before each pass of training, as the method had left them.
    private(set) var passes: [Values] = []
    /// The images of each pass of training.
    private(set) var inputs: [Tensor] = []

    /// - Parameter start: the parameters from which the first pass of training begins; nil: those that are there.
    init(_ network: any Classifier, start: [Tensor]? = nil) { (self.network, self.start) = (network, start) }

    func logits(_ images: Tensor, training: Bool) -> Tensor {
        if training {
            passes.append(parameters.values)
            inputs.append(images.detached())
            if passes.count == 1, let start { parameters.restore(start) }
        }
        return network.logits(images, training: training)
    }

    func features(_ images: Tensor, training: Bool) -> Tensor { network.features(images, training: training) }

    var parameters: ParameterStore { network.parameters }
    var classCount: Int { network.classCount }
    var configuration: JSONValue { network.configuration }
    func isHead(_ name: String) -> Bool { network.isHead(name) }
    func isShortcut(_ name: String) -> Bool { network.isShortcut(name) }
    func block(of name: String) -> String { network.block(of: name) }
    func remade(_ weights: Weights) throws(CheckpointError) -> Self { Self(try network.remade(weights)) }
}

/// A whole run of a method on the golden images, from the golden original.
struct GoldenRun {
    let golden: GoldenImages
    let model: WatchedClassifier
    let events: [StepEvent]
    /// The original's parameters.
    let before: Values
    /// The parameters after each step.
    let afterStep: [Values]

    /// - Parameters:
    ///   - fed: whether the golden start takes the place of what the method draws.
    ///   - phase: nil: the method's own.
    ///   - forgetCount: how many of the forget images are forgotten; nil: all.
    init(
        _ method: any ClassifierMethod, fed: Bool, phase: Phase? = nil, forgetCount: Int? = nil, seed: UInt64 = 0
    ) throws {
        golden = try GoldenImages("classifier-recipes")
        let start = try golden.network("start").parameters.snapshot()
        let model = WatchedClassifier(try golden.network("original"), start: fed ? start : nil)
        (self.model, before) = (model, model.parameters.values)
        var (events, afterStep): ([StepEvent], [Values]) = ([], [])
        try method.unlearn(
            ClassifierSession(
                model: model, images: golden.images, forget: Array(golden.forget.prefix(forgetCount ?? .max)),
                retain: golden.retain, validation: golden.validation,
                phase: phase ?? type(of: method).phaseDefaults, seed: seed,
                onStep: {
                    events.append($0)
                    afterStep.append(model.parameters.values)
                }))
        (self.events, self.afterStep) = (events, afterStep)
    }

    /// Compares every step's learning rate and terms, and the last parameters, with those of the reference.
    func agrees(_ name: String, since start: String) throws {
        try golden.agree(events, name)
        #expect(try golden.agrees(model.parameters, name, since: start))
    }
}

extension GoldenImages {
    /// What rounding may leave of a difference.
    private static let floor = 1e-6

    /// Every step's learning rate and terms with those of the reference's run of that name: relative 1e-4, which tells
    /// a temperature of 5 from one of 4.9.
    func agree(_ events: [StepEvent], _ name: String) throws {
        let steps = try #require(json["runs"]?[name]?.array)
        #expect(events.count == steps.count)
        for (event, step) in zip(events, steps) {
            let place = "\(name), step \(event.step)"
            #expect(abs(event.learningRate - (try #require(step["rate"]?.double))) < 1e-12, "\(place)")
            let terms = try #require(step["terms"]?.object)
            #expect(event.terms.keys.sorted() == terms.keys.sorted(), "\(place)")
            for (term, value) in event.terms {
                let expected = try #require(terms[term]?.double)
                #expect(abs(value - expected) <= Self.floor + 1e-4 * abs(expected), "\(place), \(term)")
            }
        }
    }

    /// Whether all tensors changed since the golden network `start` as those of the reference's run did: relative 1e-3.
    func agrees(_ store: ParameterStore, _ name: String, since start: String) throws -> Bool {
        try store.names.allSatisfy { tensor in
            let (found, start) = (store[tensor].scalars(Float.self), try values("\(start).\(tensor)"))
            let expected = try values("\(name).\(tensor)")
            #expect(found.count == expected.count)
            return zip(zip(found, expected), start).allSatisfy { pair, start in
                abs(pair.0 - pair.1) <= Float(Self.floor) + 1e-3 * abs(pair.1 - start)
            }
        }
    }
}
