// `unlearn train`: an image classifier from a folder of images.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train an image classifier, to have a model to experiment with.")

    @OptionGroup var images: ImageTaskArguments

    @Option(help: ArgumentHelp("The folder to create for the model.", valueName: "folder"))
    var output: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("An option of training, such as epochs=10; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("The source of random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var runtime: RuntimeOptions

    func validate() throws {
        guard images.data != nil else { throw ValidationError("Give the images with --data.") }
    }

    func run() throws {
        runtime.apply()
        var run = ClassifierTrainingRun()
        (run.task, run.design, run.seed) = (images.task, images.design, seed)
        let base = try JSONValue(ordered: images.recipe.training)
        run.training = try Options.resolve(overlays: [base] + settings.map { try Options.assignment($0) })
        let progress = ProgressReporter()
        let result = try run(output: URL(filePath: output)) { progress.report($0) }
        progress.finish()
        if json { return Output.line(try JSONValue(ordered: result).text()) }
        Output.line(
            "Wrote \(output): \(Quantity.count(result.parameters)) parameters, accuracy "
                + "\(NumberText.percent(result.trainAccuracy)) on training images and "
                + "\(NumberText.percent(result.testAccuracy)) on test images, in "
                + "\(NumberText.decimal(result.trainSeconds, places: 1)) s.")
    }
}
