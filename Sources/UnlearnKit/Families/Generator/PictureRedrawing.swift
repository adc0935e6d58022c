// One picture of a user's, redrawn by a model.

public import Foundation
public import UnlearnData
import UnlearnEngine
import UnlearnModels

/// A model that redraws pictures, for single files.
public final class PictureRedrawing {
    /// What it made of one picture.
    public struct Result {
        /// As the model is shown it, before anything is taken away.
        public let original: Image
        /// What was left of it.
        public let degraded: Image
        public let redrawn: Image
        /// Width and height of the file, if the model does not read that size and the picture was brought to another.
        public let fileSize: (width: Int, height: Int)?
    }

    private let folder: URL
    private let model: any ImageToImageModel
    private let degradation: Degradation

    /// - Throws: `ModelError` for a model that cannot be read, `KitError` if nothing says what it is to undo.
    public init(_ folder: URL, _ degradation: Degradation? = nil) throws {
        self.folder = folder
        self.degradation = try GeneratorPlan.degradation(of: folder, else: degradation)
        model = try GeneratorDirectory.load(folder)
    }

    /// - Parameter seed: of what is drawn at random: masks, and the noise that diffusion models begin with.
    public func redraw(_ file: URL, seed: UInt64) throws -> Result {
        let image = try Image(contentsOf: file).with(channels: model.inputShape.channels)
        let made = model.inputShape
        let fits = model.reads(ImageShape(channels: image.channels, height: image.height, width: image.width))
        let shown = fits ? image : image.resized(toWidth: made.width, height: made.height)
        if let problem = degradation.problem(channels: shown.channels, height: shown.height, width: shown.width) {
            throw KitError.otherImages(path: folder.path, problem: problem)
        }
        var generator = Generator(seed: seed, purpose: "redrawing")
        let degraded = degradation(shown.tensor, using: &generator)
        return Result(
            original: shown, degraded: Image(degraded.images, 0),
            redrawn: Image(model.redraw(degraded, using: &generator), 0),
            fileSize: fits ? nil : (image.width, image.height))
    }
}

extension GeneratorPlan {
    /// What the model in a folder undoes: its config.json says so, or else the user.
    static func degradation(of folder: URL, else choice: Degradation?) throws -> Degradation {
        let trained = try GeneratorDirectory.degradation(in: folder)
        guard let degradation = trained ?? choice else {
            throw KitError.invalidOption(
                path: "degradation",
                problem: "nothing says what the model undoes: name it with --redraw, for an auto-encoder "
                    + "\(Degradation.Kind.reconstruction.rawValue)")
        }
        if let trained, let choice, trained != choice {
            throw KitError.invalidOption(
                path: "degradation",
                problem: "the model's config.json names another one: leave out --redraw and --center")
        }
        return degradation
    }
}

extension Image {
    /// `[1, channels, height, width]`, −1…1.
    fileprivate var tensor: Tensor {
        Tensor(pixels.map { Float($0) / 127.5 - 1 }, shape: [1, height, width, channels]).permute([0, 3, 1, 2])
    }
}
