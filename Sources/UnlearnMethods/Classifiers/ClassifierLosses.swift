// What classifiers minimise: functions of scores `[images, classes]`.

internal import Foundation
internal import UnlearnEngine

/// −log q of each label, `[images]`.
func crossEntropies(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    let count = labels.count
    return -logits.logSoftmax().gather(labels.reshape([count, 1]), along: 1).reshape([count])
}

/// The mean over images.
/// - Parameter classWeights: `[classes]`; images then count as their class does, and weights are divided by their sum.
func crossEntropy(_ logits: Tensor, _ labels: Tensor, classWeights: Tensor? = nil) -> Tensor {
    let losses = crossEntropies(logits, labels)
    guard let classWeights else { return losses.mean() }
    let weights = withoutRecording { () -> Tensor in
        let weights = classWeights.select(labels)
        return weights / weights.sum()
    }
    return (losses * weights).sum()
}

/// Mean over images of −Σ p log q for given distributions p.
func softCrossEntropy(_ logits: Tensor, _ distributions: Tensor) -> Tensor {
    -(distributions * logits.logSoftmax()).sum() * (1 / Double(max(1, logits.shape[0])))
}

/// T² · KL(teacher ‖ model) of distributions at temperature T, mean over images (Hinton et al. 2015, arXiv 1503.02531).
func distillation(_ logits: Tensor, from teacher: Tensor, temperature: Double) -> Tensor {
    let target = withoutRecording { (teacher * (1 / temperature)).logSoftmax() }
    return divergence(from: target, to: (logits * (1 / temperature)).logSoftmax()) * (temperature * temperature)
}

/// −mean of log-softmax over retain of forget · retainᵀ / T: lowest where forget scores are equally unlike all retain scores.
func contrast(_ forget: Tensor, with retain: Tensor, temperature: Double) -> Tensor {
    -(forget.matmul(retain.transpose(0, 1)) * (1 / temperature)).logSoftmax().mean()
}

/// Mean over images of KL(model ‖ uniform) = log C − H(q).
func divergenceToUniform(_ logits: Tensor) -> Tensor {
    entropies(logits).mean() * -1 + log(Double(logits.shape[1]))
}

/// H(q) of each image, in nats, `[images]`.
func entropies(_ logits: Tensor) -> Tensor {
    let logProbabilities = logits.logSoftmax()
    return -(logProbabilities.exp() * logProbabilities).sum(along: 1)
}
