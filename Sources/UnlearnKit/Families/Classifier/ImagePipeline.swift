// The main path of classifiers: check, load, evaluate, forget, evaluate, save, report.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// One run of forgetting images, from a configuration to a report.
public struct ImagePipeline {
    private let run: ResolvedImageRun
    private let context: RunContext

    /// A run that goes on trains from the beginning.
    public init(_ run: ResolvedImageRun, _ context: RunContext) { (self.run, self.context) = (run, context) }

    /// Runs everything. The output folder holds `finished` at the end, and its `model/` is complete or not there.
    public func callAsFunction() throws -> Report {
        let configuration = run.configuration
        var seconds = Report.Seconds()
        let (source, output) = (URL(filePath: configuration.model), URL(filePath: configuration.output))
        if !context.isResumed { try RunDirectory.makeRoom(at: output) }
        let task = try timed(&seconds.prepare) {
            try ImageTask(run.task, onNotice: context.onNotice)
        }
        var provenance = try provenance(source, task)
        let beginning = RunRecord(
            command: .forget, configuration: configuration, options: run.options, provenance: provenance)
        let folder =
            try context.isResumed
            ? RunDirectory(resuming: output, from: provenance) : RunDirectory(creating: output, run: beginning)
        let model = try timed(&seconds.load) {
            try ClassifierDirectory.load(source)
        }
        try task.check(model, path: source.path)

        let before = timed(&seconds.evaluateBefore) { evaluate(model, task) }
        try folder.write(before.outcomes, to: folder.evaluationBeforeFile)
        try timed(&seconds.forget) { try forget(task, model, folder) }
        let after = timed(&seconds.evaluateAfter) { evaluate(model, task) }
        try folder.write(after.outcomes, to: folder.evaluationAfterFile)

        let pictures = Pictures(
            task.images, task.splits,
            [("before", before), ("after", after)].map { PicturedModel($0, $1, classes: task.images.classNames.count) },
            changing: 1)
        func report(_ provenance: Provenance) -> Report {
            let (old, new) = (before.outcomes, after.outcomes)
            let measurements = (old.compactMap(\.measurement), new.compactMap(\.measurement))
            return Report(
                verdict: Verdict(
                    images: measurements.0, measurements.1, wholeClasses: task.splits.forgetsWholeClasses,
                    rule: run.verdict),
                metrics: Report.Metric.pairs(before: measurements.0, after: measurements.1), seconds: seconds,
                peakMemoryBytes: Runtime.peakMemoryBytes, samples: [], pictures: pictures,
                limits: Report.imageLimits + task.splits.notices.map(\.description),
                notMeasured: Report.NotMeasured.all(in: old + new), provenance: provenance)
        }
        let card = report(provenance)
        provenance.resultHash = try timed(&seconds.save) {
            try save(model, card: card, in: folder)
        }
        let final = report(provenance)
        try folder.write(final)
        try folder.finish()
        return final
    }

    // MARK: - The steps

    private func evaluate(_ model: any Classifier, _ task: ImageTask) -> ClassifierEvaluation {
        context.onProgress(ProgressEvent(stage: "Evaluating", done: 0, total: 1, unit: "models"))
        defer { context.onProgress(ProgressEvent(stage: "Evaluating", done: 1, total: 1, unit: "models")) }
        return ClassifierEvaluation(of: model, on: task.images, task.splits)
    }

    private func forget(_ task: ImageTask, _ model: any Classifier, _ folder: RunDirectory) throws {
        // A classifier's training is short: it is begun anew, and so are its events.
        try folder.training { (_, onStep) throws in
            let session = ClassifierSession(
                model: model, images: task.images, forget: task.splits.forget, retain: task.splits.retain,
                validation: task.splits.validation, phase: run.method.phase, seed: run.configuration.seed,
                onProgress: context.onProgress, onStep: onStep)
            try run.method.method.unlearn(session)
        }
    }

    private func save(_ model: any Classifier, card: Report, in folder: RunDirectory) throws -> String {
        let output = try folder.beginModel()
        try ClassifierDirectory.save(model, to: output.url)
        let renderer = ModelCardRenderer(license: License.declared(by: URL(filePath: run.configuration.model)))
        try AtomicFile.write(renderer.render(card), to: output.url.appending(path: "README.md"))
        let hash = try Fingerprint.modelHash(of: output.url)
        try output.commit()
        return hash
    }

    private func provenance(_ source: URL, _ task: ImageTask) throws -> Provenance {
        let configuration = run.configuration
        var provenance = try Provenance(
            of: source, data: [run.task.forget.files].compactMap(\.self), toolVersion: context.toolVersion,
            seed: configuration.seed, method: configuration.method,
            subject: run.task.forget.words(count: task.splits.forget.count))
        provenance.dataFiles.append(
            Provenance.FileDigest(
                path: URL(filePath: run.task.data).lastPathComponent + " (pixels)", bytes: task.images.pixels.count,
                sha256: Fingerprint.sha256(of: Data(task.images.pixels))))
        return provenance
    }
}

extension PicturedModel {
    fileprivate init(_ name: String, _ evaluation: ClassifierEvaluation, classes: Int) {
        var counts = [Double](repeating: 0, count: classes)
        for choice in evaluation.forget.choices { counts[choice] += 1 }
        self.init(
            name,
            [evaluation.forget, evaluation.retain, evaluation.test].flatMap { $0.predictions($0.places.indices) },
            forgetChoices: counts)
    }
}

extension ForgetChoice {
    /// "class 3", "the 78 images of list.txt", "78 images drawn at random".
    func words(count: Int) -> String {
        if let files { return "the \(count) images of \(URL(filePath: files).lastPathComponent)" }
        if let className { return "class \(className)" }
        return "\(count) images drawn at random"
    }
}

extension ImageTask {
    /// That a model was made for images like these.
    func check(_ model: any Classifier, path: String) throws {
        let file = model.configuration["member"] ?? model.configuration
        let channels = file["num_channels"]?.int ?? images.channels
        guard channels == images.channels else {
            throw KitError.otherImages(
                path: path, problem: "it reads images of \(channels) channel(s), and these have \(images.channels)")
        }
        if let size = file["image_size"]?.int, (size, size) != (images.width, images.height) {
            throw KitError.otherImages(
                path: path,
                problem: "it reads \(size) × \(size) pixels, and these have \(images.width) × \(images.height)")
        }
        // A ConvNet halves the image between its stages, of which each must be left a pixel.
        let stages = file["model_type"]?.string == "convnet" ? file["hidden_sizes"]?.array?.count ?? 3 : 3
        let least = 1 << (stages - 1)
        guard min(images.width, images.height) >= least else {
            throw KitError.otherImages(
                path: path,
                problem: "it needs at least \(least) × \(least) pixels, and these have "
                    + "\(images.width) × \(images.height)")
        }
        let labels = file["id2label"]?.object ?? [:]
        let known = labels.isEmpty ? images.classNames : labels.keys.indices.map { labels[String($0)]?.string ?? "" }
        guard model.classCount == images.classNames.count, known == images.classNames else {
            throw KitError.otherImages(
                path: path,
                problem: "its classes are \(known.joined(separator: ", ")), and theirs are "
                    + images.classNames.joined(separator: ", "))
        }
    }
}
