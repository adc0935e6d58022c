// An early look at a model that is being trained: some pictures that it does not learn from, redrawn now and then.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// The same pictures at each look, beside each other in one file: the originals, what is left of them, and below that
/// what the model makes of it.
final class TrainingLook {
    /// Pictures that are redrawn, and how many of them are shown.
    static let (measured, shown) = (32, 8)

    private let originals, degraded, mask: Tensor
    private let names: [String]
    private let seed: UInt64
    private let file: URL
    private let seconds: Double
    private var last = ContinuousClock.now

    /// - Parameter file: where the pictures are written.
    init(_ task: ImageTask, _ record: GeneratorTrainingRecord, into file: URL) {
        let held = task.splits.validation.isEmpty ? task.splits.test : task.splits.validation
        var generator = Generator(seed: record.seed, purpose: "look")
        let places = held.shuffled(using: &generator).prefix(Self.measured)
        originals = task.images.batch(Array(places)).inputs
        let input = record.degradation(originals, using: &generator)
        (degraded, mask) = (input.images, withoutRecording { input.mask + 0 })
        names = places.map { task.images.names[$0] }
        (seed, self.file, seconds) = (record.seed, file, record.training.lookSeconds)
    }

    /// Looks during a training.
    func during(_ model: any ImageToImageModel, _ context: RunContext) -> TrainingLooks {
        TrainingLooks(
            areDue: { [self] in (ContinuousClock.now - last) / .seconds(1) >= seconds },
            take: { [self] step in
                let decibels = try take(model)
                context.onNotice(
                    "After \(CountText.words(step)) steps, pictures that it does not learn from are redrawn at "
                        + "\(NumberText.decimal(decibels, places: 2)) dB: see \(file.lastPathComponent).")
                last = ContinuousClock.now
                return decibels
            })
    }

    /// Redraws the pictures and writes them down.
    /// - Returns: the mean ratio of signal to noise of what was drawn, in decibels.
    func take(_ model: any ImageToImageModel) throws -> Double {
        var generator = Generator(seed: seed, purpose: "redrawing for a look")
        let redrawn = model.redraw(DegradedImages(images: degraded, mask: mask), using: &generator)
        let rows = [originals, degraded, redrawn].map { pictures in
            (0..<min(Self.shown, names.count)).map { Image(pictures, $0) }
        }
        try AtomicFile.write(Data(Image(grid: rows).png()), to: file)
        let pairs = PicturePairs(originals: originals, redrawn: redrawn, mask: mask, names: names)
        let ratios = ImageQuality.peakSignalToNoise(of: pairs, on: .filled)
        return ratios.reduce(0, +) / Double(ratios.count)
    }
}

extension RunDirectory {
    /// Some redrawn pictures, as the model in training drew them last.
    var lookFile: URL { url.appendingPathComponent("look.png") }
}

extension Image {
    /// Pixels between two images of a grid.
    private static let gap = 2

    /// Images of one size in rows of one length, with white between them.
    init(grid rows: [[Image]]) {
        let (width, height, channels) = (rows[0][0].width, rows[0][0].height, rows[0][0].channels)
        let columns = rows[0].count
        let (fullWidth, fullHeight) = (
            columns * (width + Self.gap) - Self.gap, rows.count * (height + Self.gap) - Self.gap
        )
        var pixels = [UInt8](repeating: 255, count: fullWidth * fullHeight * channels)
        for (row, images) in rows.enumerated() {
            for (column, image) in images.enumerated() {
                for line in 0..<height {
                    let top = row * (height + Self.gap) + line
                    let start = (top * fullWidth + column * (width + Self.gap)) * channels
                    pixels.replaceSubrange(
                        start..<start + width * channels,
                        with: image.pixels[line * width * channels..<(line + 1) * width * channels])
                }
            }
        }
        self.init(width: fullWidth, height: fullHeight, channels: channels, pixels: pixels)
    }
}
