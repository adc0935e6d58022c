// How far a model stands along a direction in the space of its weights: W = W₀ + c·τ.
// Ilharco et al. 2023 (arXiv 2212.04089), section 2: τ is what a training changed, and c may be any number.

internal import UnlearnEngine
internal import UnlearnModels

/// What a training changes of the weights, to be had at any scale. One copy of what it changes is in memory beside the
/// model; of low-rank additions, a thin one.
final class WeightChange {
    private let parameters: [Tensor]
    /// τ; until the training is over, copies of W₀.
    private var directions: [Tensor]
    /// c.
    private var scale = 0.0

    /// Begins to watch what the session trains.
    init(of session: Session) throws {
        let store = session.model.model.parameters
        // Of an addition B alone: it was zero, so what is added goes with it whatever became of A.
        let additions = Set(store.attached.map(\.upName))
        let names = try session.trainedNames().filter { additions.isEmpty || additions.contains($0) }
        let parameters = store.train(Set(names))
        store.train([])
        self.parameters = parameters
        directions = withoutRecording { parameters.map { $0 + 0 } }
    }

    /// A change that was put together, of these parameters; the model stands at its start.
    init(of names: [String], in store: ParameterStore, directions: [Tensor]) {
        precondition(names.count == directions.count, "WeightChange: a direction for every parameter")
        store.train(Set(names))
        store.train([])
        (parameters, self.directions) = (names.map { store[$0] }, directions)
    }

    /// Ends the watch: the model goes back to W₀, to the bit, and τ is what was changed, or its negative.
    func finish(negated: Bool = false) {
        withoutRecording {
            for (index, parameter) in parameters.enumerated() {
                let start = directions[index]
                directions[index] = negated ? start - parameter : parameter - start
                parameter.copy(from: start)
            }
        }
    }

    /// Lets the model stand at W₀ + c·τ.
    func move(to scale: Double) {
        withoutRecording {
            for (parameter, direction) in zip(parameters, directions) {
                parameter.add(inPlace: direction, scaledBy: scale - self.scale)
            }
        }
        self.scale = scale
    }
}
