// `unlearn generate --image`: one picture, redrawn.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnFormats
import UnlearnKit

/// A picture to redraw, and where it is written.
struct PictureArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A PNG or JPEG picture: what the model was trained to draw is taken away from it and drawn anew.",
            valueName: "file"))
    var image: String?

    @Option(help: ArgumentHelp("The PNG file to write the redrawn picture to.", valueName: "file"))
    var output: String?

    @Flag(help: "Write the original and what was left of it beside the redrawn picture.")
    var sideBySide = false

    @OptionGroup var redrawing: RedrawingArguments

    func validate() throws {
        guard (image == nil) == (output == nil) else {
            throw ValidationError("Give a picture with --image and the file for the redrawn one with --output.")
        }
        guard image != nil || !sideBySide else {
            throw ValidationError("--side-by-side shows a picture: give one with --image.")
        }
    }

    /// Writes what the model in a folder makes of the picture.
    func redraw(by model: URL, seed: UInt64, json: Bool) throws {
        guard let image, let output else { return }
        try Output.checkFolder(of: URL(filePath: output))
        guard try Family(of: model) == .generator else { throw CommandError.drawsNothing(path: model.path) }
        let result = try PictureRedrawing(model, redrawing.degradation).redraw(URL(filePath: image), seed: seed)
        let shown = result.redrawn
        if let size = result.fileSize {
            Diagnostics.note(
                "'\(image)' has \(size.width) × \(size.height) pixels and was brought to the model's "
                    + "\(shown.width) × \(shown.height).")
        }
        let picture = sideBySide ? Image(row: [result.original, result.degraded, shown]) : shown
        try AtomicFile.write(Data(picture.png()), to: URL(filePath: output))
        guard json else { return }
        let facts: JSONValue = [
            "output": .string(output), "width": .int(picture.width), "height": .int(picture.height),
        ]
        Output.line(facts.text())
    }
}
