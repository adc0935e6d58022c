// The arguments that say which images a classifier is trained on, and what it is like.

public import ArgumentParser
import Foundation
import UnlearnData
import UnlearnKit
import UnlearnMethods
import UnlearnModels

/// The network of a new model: that of a classifier, or of a model that redraws pictures.
enum NewNetwork: ExpressibleByArgument, CaseIterable, Equatable {
    case classifier(ClassifierDesign.Kind)
    case generator(GeneratorDesign.Kind)

    static let classifiers = ClassifierDesign.Kind.allCases.map(\.rawValue)
    static let generators = GeneratorDesign.Kind.allCases.map(\.rawValue)
    static let allCases =
        ClassifierDesign.Kind.allCases.map(Self.classifier) + GeneratorDesign.Kind.allCases.map(Self.generator)
    static var allValueStrings: [String] { classifiers + generators }

    init?(argument: String) {
        if let kind = ClassifierDesign.Kind(rawValue: argument) {
            self = .classifier(kind)
        } else if let kind = GeneratorDesign.Kind(rawValue: argument) {
            self = .generator(kind)
        } else {
            return nil
        }
    }
}

extension TrainingRecipe: ExpressibleByArgument {}
extension Degradation.Kind: ExpressibleByArgument {}

/// Images, their labels, and what is to be forgotten of them.
struct ImageDataArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("The images: a folder of folders, with labels.csv, or of IDX files.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("How file names say the label, such as '{label}_*'.", valueName: "pattern"))
    var labelPattern: String?

    @Option(help: ArgumentHelp("Put labels that are numbers into so many classes of equal width.", valueName: "number"))
    var labelBins: Int?

    @Option(
        help: ArgumentHelp(
            "Names of the classes of IDX files, in order, separated by commas (default: numbers).",
            valueName: "names"))
    var classNames: String?

    @Option(
        help: ArgumentHelp("Width and height that images are brought to (default: as they are).", valueName: "pixels"))
    var imageSize: Int?

    @Option(
        help: ArgumentHelp("The share of the training images to forget, drawn at random.", valueName: "share"))
    var forgetShare: Double?

    @Option(help: ArgumentHelp("Forget a class, or several, separated by commas.", valueName: "name"))
    var forgetClass: String?

    @Option(help: ArgumentHelp("Forget the images whose names stand in this file.", valueName: "file"))
    var forgetFiles: String?

    func validate() throws {
        guard (0...1024).contains(imageSize ?? 0), (0...1000).contains(labelBins ?? 0) else {
            throw ValidationError("--image-size must be from 0 to 1024 and --label-bins from 0 to 1000.")
        }
        guard labelPattern.map({ $0.isEmpty || $0.contains("{label}") }) ?? true else {
            throw ValidationError("--label-pattern must contain {label}, for example '{label}_*'.")
        }
    }

    /// Whether it is said which images are to be forgotten.
    var saysWhatToForget: Bool { forgetShare != nil || forgetClass != nil || forgetFiles != nil }

    /// What is given here, over what another task says of the images.
    func task(over base: ImageTaskOptions = ImageTaskOptions()) -> ImageTaskOptions {
        var task = base
        task.data = data ?? base.data
        task.images.labelPattern = labelPattern ?? base.images.labelPattern
        task.images.labelBins = labelBins ?? base.images.labelBins
        task.images.classNames = classNames ?? base.images.classNames
        task.images.size = imageSize ?? base.images.size
        task.forget = ForgetChoice()
        task.forget.share = forgetShare ?? task.forget.share
        (task.forget.className, task.forget.files) = (forgetClass, forgetFiles)
        return task
    }
}

/// What is taken away from pictures for a model to draw.
struct RedrawingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model redraws pictures, of which this is taken away: "
                + "\(Degradation.Kind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "what"))
    var redraw: Degradation.Kind?

    @Option(
        help: ArgumentHelp("The side of the hole, or of what is left, as a share (default: 0.5).", valueName: "share"))
    var center: Double?

    func validate() throws {
        guard redraw != nil || center == nil else {
            throw ValidationError("--center says how large the hole is that --redraw makes: give both.")
        }
    }

    var degradation: Degradation? {
        redraw.map { kind in
            var degradation = Degradation(kind)
            degradation.center = center ?? degradation.center
            return degradation
        }
    }
}

/// Images, and a model's design and training.
struct ImageTaskArguments: ParsableArguments {
    @OptionGroup var images: ImageDataArguments

    @Option(
        help: ArgumentHelp(
            "The network: \(NewNetwork.classifiers.joined(separator: ", ")); with --redraw: "
                + "\(NewNetwork.generators.joined(separator: ", ")) (default: the first).", valueName: "name"))
    var architecture: NewNetwork?

    @Option(help: ArgumentHelp("The width of its first layer (default: the usual one).", valueName: "number"))
    var width = 0

    @Flag(help: "Begin a ResNet with a 3 × 3 convolution, as is usual for small images.")
    var smallStem = false

    @Option(help: "The recipe of training: usual or challenge.")
    var recipe = TrainingRecipe.usual

    @OptionGroup var redrawing: RedrawingArguments

    @Flag(help: "Leave out the images that --forget-class and its kin name: a control that never saw them.")
    var withoutForgotten = false

    func validate() throws {
        switch architecture {
        case .classifier(let kind) where redraw != nil:
            throw ValidationError(
                "--architecture \(kind.rawValue) is an image classifier, but --redraw asks for a model that redraws "
                    + "pictures. Choose one of \(NewNetwork.generators.joined(separator: ", ")).")
        case .generator(let kind) where redraw == nil:
            throw ValidationError(
                "--architecture \(kind.rawValue) redraws pictures: say with --redraw what is taken away from them, or choose "
                    + "one of \(NewNetwork.classifiers.joined(separator: ", ")).")
        default: break
        }
    }

    var data: String? { images.data }
    var task: ImageTaskOptions { images.task() }

    /// The flags that say something about images and were given.
    var given: [String] {
        let flags: [(String, Bool)] = [
            ("--label-pattern", images.labelPattern != nil), ("--label-bins", images.labelBins != nil),
            ("--class-names", images.classNames != nil), ("--image-size", images.imageSize != nil),
            ("--forget-share", images.forgetShare != nil), ("--forget-class", images.forgetClass != nil),
            ("--forget-files", images.forgetFiles != nil), ("--architecture", architecture != nil),
            ("--width", width != 0), ("--small-stem", smallStem), ("--recipe", recipe != .usual),
            ("--redraw", redraw != nil), ("--center", redrawing.center != nil),
            ("--without-forgotten", withoutForgotten),
        ]
        return flags.filter(\.1).map(\.0)
    }

    var redraw: Degradation.Kind? { redrawing.redraw }
    /// What a model that redraws pictures is to undo; nil: a classifier is trained.
    var degradation: Degradation? { redrawing.degradation }

    var network: GeneratorDesign {
        var network = GeneratorDesign()
        if case .generator(let kind) = architecture { network.kind = kind }
        network.width = width
        return network
    }

    /// The flags that only a classifier has a use for and were given.
    var ofClassifiers: [String] {
        [("--small-stem", smallStem), ("--recipe", recipe != .usual)].filter(\.1).map(\.0)
    }

    var design: ClassifierDesign {
        var design = ClassifierDesign()
        if case .classifier(let kind) = architecture { design.kind = kind }
        (design.width, design.stemIsSmall) = (width, smallStem)
        return design
    }
}
