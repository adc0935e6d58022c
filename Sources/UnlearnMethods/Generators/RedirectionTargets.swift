// What the encoder, or what is drawn, is to become for pictures to forget. What is drawn at random for a picture depends on the
// seed and that picture alone, so that it is the same in every step.

internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnModels

extension Redirection {
    /// What the original makes of noise in place of each picture to forget, seen as that picture is.
    func noise(like step: PictureStep) -> [Tensor] {
        func features(_ ids: [Int]) -> [Tensor] {
            withoutRecording { original.encode(seen(noisePictures(ids), like: step)).all }
        }
        let ids = step.batches[0].ids
        if session.looksVary(step.degraded[0]) { return features(ids) }
        return noiseFeatures(ids, most: session.phase.batchSize, features)
    }

    /// What the original makes of another picture, one to keep, in place of each picture to forget, seen as that picture is.
    func otherContext(like step: PictureStep) -> [Tensor] {
        let others = step.batches[0].ids.map(other)
        return session.originalFeatures(others, seen(session.images.batch(others).inputs, like: step))
    }

    /// Normal noise with the mean and the deviation of each of the original's features over pictures to keep.
    func randomFeatures(like step: PictureStep) -> [Tensor] {
        withoutRecording {
            Tensor.joined(
                step.batches[0].ids.map { id in
                    var generator = session.generator("random features \(id)")
                    return zip(retainMean, retainMoments).map { mean, moments in
                        .normal(mean.shape, deviation: moments.deviation, using: &generator) + moments.mean
                    }
                })
        }
    }

    /// Noise with the moments of the images, within their range, `[pictures, channels, height, width]`.
    func noisePictures(_ ids: [Int]) -> Tensor {
        let shape = [1, session.images.channels, session.images.height, session.images.width]
        return withoutRecording {
            let draws = ids.map { id in
                var generator = session.generator("noise \(id)")
                return Tensor.normal(shape, using: &generator)
            }
            return (.concatenate(draws) * pixels.deviation + pixels.mean).clamp(to: -1...1)
        }
    }

    /// What the original draws of another picture, one to keep, for each picture to forget,
    /// `[pictures, channels, height, width]`.
    func otherPictures(like step: PictureStep) -> Tensor {
        redrawn(step.batches[0].ids.map(other), most: session.phase.batchSize) { others in
            var generator = session.generator("redrawing \(others[0])")
            let inputs = session.images.batch(others).inputs
            return [original.redraw(session.degradation(inputs, using: &generator), using: &generator)]
        }[0]
    }

    /// The place of the picture to keep that stands in for one to forget.
    private func other(_ id: Int) -> Int {
        var generator = session.generator("other picture \(id)")
        return session.retain[Int(generator.next(upperBound: UInt64(session.retain.count)))]
    }

    /// Pictures seen as those to forget are in a step: the same pixels are missing; a diffusion model sees pure noise there,
    /// and is told the step of the noising at which the picture to forget is seen. There may be fewer of them where all
    /// looks are alike.
    private func seen(_ pictures: Tensor, like step: PictureStep) -> DegradedImages {
        let seen = step.degraded[0]
        var generator = session.generator("pure noise \(step.batches[0].ids[0])")
        return withoutRecording {
            var input = session.degradation.degraded(
                pictures, where: seen.mask.narrow(0, from: 0, count: pictures.shape[0]))
            input.noised = seen.noised.map {
                NoisedImages(images: .normal($0.images.shape, using: &generator), steps: $0.steps)
            }
            return input
        }
    }
}
