// Unlearning with an incompetent teacher: on forget the model imitates a network that learnt nothing.
// Chundawat et al. 2023 (arXiv 2205.08096), equation 2.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats
internal import UnlearnModels

/// KL to a random network's outputs on forget, and to the original's on retain.
public struct BadTeacher: ClassifierMethod {
    public static let card = Card(
        name: "bad-teacher", summary: "Imitates a random network on forget and the original model on retain.",
        paper: "Chundawat et al. 2023, arXiv 2205.08096", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(.adam, learningRate: 1e-4, epochs: 2, schedule: Schedule(.constant))

    @Setting("The temperature of both teachers.", .positive) public var temperature = 1.0

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.readOriginal()
        let teacher: any Classifier = try session.model.remade(Weights(using: session.generator("bad teacher")))
        let isForgotten = Set(session.forget)
        let descent = try session.descent(session.phase, over: session.forget.count + session.retain.count)
        try descent.run("all", [session.forget + session.retain], count: descent.totalSteps) { step in
            terms(step, teacher, isForgotten)
        }
    }

    func terms(_ step: ImageStep, _ teacher: any Classifier, _ isForgotten: Set<Int>) -> [Term] {
        let batch = step.batches[0]
        let targets = withoutRecording {
            let chosen = Tensor(
                batch.ids.map { isForgotten.contains($0) ? Float(1) : 0 }, shape: [batch.ids.count, 1])
            let bad = teacher.logits(batch.inputs, training: true)
            let good = step.session.originalLogits(of: batch.inputs)
            return good + (bad - good) * chosen
        }
        return [Term("distillation", distillation(step.logits(), from: targets, temperature: temperature))]
    }
}
