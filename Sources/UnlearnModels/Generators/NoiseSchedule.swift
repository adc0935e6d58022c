// How noise is put into images step by step, and taken out again: Ho et al. 2020, "Denoising diffusion probabilistic
// models" (arXiv 2006.11239), and Song et al. 2021, "Denoising diffusion implicit models" (arXiv 2010.02502).

internal import Foundation
public import UnlearnData
public import UnlearnEngine

/// The noise of each step, evenly from the first to the last.
public struct NoiseSchedule: Sendable, Equatable {
    /// How many steps make noise of an image.
    public let stepCount: Int
    /// The variance that the first and the last step add.
    public let variances: ClosedRange<Double>
    /// What a network finds in noisy images.
    public let prediction: Prediction
    /// ᾱ of each step: how much of the image's variance is left after it.
    private let remaining: [Double]

    public init(stepCount: Int, variances: ClosedRange<Double>, prediction: Prediction = .noise) {
        precondition(stepCount > 1, "NoiseSchedule: \(stepCount) steps")
        (self.stepCount, self.variances, self.prediction) = (stepCount, variances, prediction)
        var left = 1.0
        remaining = (0..<stepCount).map { step in
            let width = variances.upperBound - variances.lowerBound
            left *= 1 - (variances.lowerBound + width * Double(step) / Double(stepCount - 1))
            return left
        }
    }

    /// √ᾱ · image + √(1 − ᾱ) · noise (DDPM, equation 4).
    /// - Parameters:
    ///   - images: `[images, channels, height, width]`, −1…1.
    ///   - steps: of each image, from 0.
    ///   - noise: standard normal, of the images' shape.
    public func noised(_ images: Tensor, at steps: [Int], with noise: Tensor) -> NoisedImages {
        NoisedImages(images: images * factors(steps) { $0 } + noise * factors(steps) { 1 - $0 }, steps: steps)
    }

    /// What is to be found in noisy images, by ``prediction``: the noise, which follows from them and from those without
    /// noise, or the velocity.
    public func target(in noised: NoisedImages, of images: Tensor) -> Tensor {
        let (image, added) = (factors(noised.steps) { $0 }, factors(noised.steps) { 1 - $0 })
        let noise = (noised.images - images * image) / added
        return prediction == .noise ? noise : noise * image - images * added
    }

    /// √ of a value of ᾱ at each step, `[steps, 1, 1, 1]`.
    private func factors(_ steps: [Int], _ value: (Double) -> Double) -> Tensor {
        Tensor(steps.map { Float(value(remaining[$0]).squareRoot()) }, shape: [steps.count, 1, 1, 1])
    }

    /// `count` of the steps at even distances, the noisiest first, ending with 0; at most ``stepCount``.
    public func places(_ count: Int) -> [Int] {
        let distance = stepCount / min(count, stepCount)
        return (0..<min(count, stepCount)).reversed().map { $0 * distance }
    }

    /// The images one place earlier, by `sampler`. The image that it sees behind the noise is limited to −1…1.
    /// - Parameters:
    ///   - images: at `step`, `[images, channels, height, width]`.
    ///   - found: what a model found in them, by ``prediction``.
    ///   - earlier: the step to go to; −1 for the image without noise.
    ///   - noise: standard normal, of the images' shape; asked for by DDPM alone, and not if `earlier` is −1.
    public func earlier(
        _ images: Tensor, found: Tensor, at step: Int, to earlier: Int, by sampler: Sampler, noise: () -> Tensor
    ) -> Tensor {
        let now = remaining[step]
        let then = earlier >= 0 ? remaining[earlier] : 1
        let (image, added) = (now.squareRoot(), (1 - now).squareRoot())
        let (seen, found) =
            switch prediction {
            case .noise: ((images - found * added) * (1 / image), found)
            case .velocity: (images * image - found * added, found * image + images * added)
            }
        let clean = seen.clamp(to: -1...1)
        switch sampler {
        case .ddim:  // equation 12 with σ = 0
            return clean * then.squareRoot() + found * (1 - then).squareRoot()
        case .ddpm:  // equations 6 and 7
            let variance = 1 - now / then
            let fromClean = then.squareRoot() * variance / (1 - now)
            let fromImages = (now / then).squareRoot() * (1 - then) / (1 - now)
            let mean = clean * fromClean + images * fromImages
            return earlier < 0 ? mean : mean + noise() * ((1 - then) / (1 - now) * variance).squareRoot()
        }
    }
}

/// What a network finds in noisy images; the names are those of diffusers.
public enum Prediction: String, Sendable, CaseIterable {
    /// The noise that was put in (DDPM).
    case noise = "epsilon"
    /// √ᾱ · noise − √(1 − ᾱ) · image: Salimans and Ho 2022, "Progressive distillation for fast sampling of diffusion models"
    /// (arXiv 2202.00512). Where there is nearly nothing but noise it is the image, so that the brightness of what is drawn
    /// is learnt in few steps; errors in the noise would be multiplied there.
    case velocity = "v_prediction"
}

/// How noise is taken out.
public enum Sampler: String, Sendable, CaseIterable {
    /// Without new noise: few steps will do, and a start has one end.
    case ddim
    /// With new noise at each step, as the model was trained.
    case ddpm
}
