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
    /// ᾱ of each step: how much of the image's variance is left after it.
    private let remaining: [Double]

    public init(stepCount: Int, variances: ClosedRange<Double>) {
        precondition(stepCount > 1, "NoiseSchedule: \(stepCount) steps")
        (self.stepCount, self.variances) = (stepCount, variances)
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

    /// The noise that was put into images: the inverse of ``noised(_:at:with:)``.
    public func noise(in noised: NoisedImages, of images: Tensor) -> Tensor {
        (noised.images - images * factors(noised.steps) { $0 }) / factors(noised.steps) { 1 - $0 }
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
    ///   - found: the noise that a model found in them.
    ///   - earlier: the step to go to; −1 for the image without noise.
    ///   - noise: standard normal, of the images' shape; asked for by DDPM alone, and not if `earlier` is −1.
    public func earlier(
        _ images: Tensor, found: Tensor, at step: Int, to earlier: Int, by sampler: Sampler, noise: () -> Tensor
    ) -> Tensor {
        let now = remaining[step]
        let then = earlier >= 0 ? remaining[earlier] : 1
        let clean = ((images - found * (1 - now).squareRoot()) * (1 / now.squareRoot())).clamp(to: -1...1)
        switch sampler {
        case .ddim:  // equation 12 with σ = 0
            return clean * then.squareRoot() + found * (1 - then).squareRoot()
        case .ddpm:  // equations 6 and 7
            let added = 1 - now / then
            let fromClean = then.squareRoot() * added / (1 - now)
            let fromImages = (now / then).squareRoot() * (1 - then) / (1 - now)
            let mean = clean * fromClean + images * fromImages
            return earlier < 0 ? mean : mean + noise() * ((1 - then) / (1 - now) * added).squareRoot()
        }
    }
}

/// How noise is taken out.
public enum Sampler: String, Sendable, CaseIterable {
    /// Without new noise: few steps will do, and a start has one end.
    case ddim
    /// With new noise at each step, as the model was trained.
    case ddpm
}
