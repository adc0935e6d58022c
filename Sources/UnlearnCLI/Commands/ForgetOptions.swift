// The options of forgetting, as `forget` takes them.

public import ArgumentParser
public import UnlearnKit
public import UnlearnMethods

extension AnswerStyle: ExpressibleByArgument {}
extension ExportForm: ExpressibleByArgument {}

/// What to forget, how, and where the run is written.
struct ForgetOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("What to forget, by its name, such as \"Harry Potter\".", valueName: "name"))
    var subject: String?

    @Option(help: ArgumentHelp("Examples to forget, instead of those that the model writes itself.", valueName: "file"))
    var forget: String?

    @Option(help: ArgumentHelp("Examples that must not change.", valueName: "file"))
    var retain: String?

    @Option(
        help: ArgumentHelp(
            "Words that give the subject away, separated by commas, or a file with one on each line.",
            valueName: "words"))
    var terms: String?

    @OptionGroup(title: "Tendencies of language models") var tendency: TendencyArguments

    @OptionGroup(title: "Image classifiers, and models that redraw pictures") var images: ImageDataArguments

    @OptionGroup(title: "Models that redraw pictures, and whose config.json does not say how")
    var redrawing: RedrawingArguments

    @Option(
        help: ArgumentHelp(
            "A classifier, an Inception-v3 of timm or a CLIP, through whose features redrawn pictures are compared with "
                + "the originals.",
            valueName: "folder"))
    var features: String?

    @Option(
        help: ArgumentHelp(
            "A model that redraws pictures and was trained without those to forget, to be measured beside the others.",
            valueName: "folder"))
    var control: String?

    @Option(
        help: ArgumentHelp(
            "Pictures of anything else in the same size, for a model that redraws pictures to be trained on in place of those "
                + "to keep, where these are not to be had.", valueName: "folder"))
    var proxy: String?

    @Option(
        help: ArgumentHelp(
            "The method; `unlearn list methods` shows all (default: \(LanguagePlan.defaultMethod), for image classifiers "
                + "\(ClassifierPlan.defaultMethod), for models that redraw pictures \(GeneratorPlan.defaultMethod)).",
            valueName: "name"))
    var method: String?

    @Option(
        help: ArgumentHelp(
            "Write a language model as a GGUF file of few bits too, and ask that again: q8_0 or q4_0; may be repeated.",
            valueName: "form"))
    var export: [ExportForm] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("An option of the method; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("What the new answers say.", valueName: "kind"))
    var answer: AnswerStyle?

    @Option(help: ArgumentHelp("The folder for the run; must not exist or be empty.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("The source of all random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @OptionGroup var runtime: RuntimeOptions

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Only find the words that give the subject away and an ordinary one to stand in for each, and write them to a JSON "
                + "file, to be edited and given back with --terms.", valueName: "file"))
    var writeTerms: String?

    @Flag(help: "Only print the configuration file that `unlearn run` takes, with everything that can be set.")
    var printConfig = false

    func validate() throws {
        for (name, other, both) in [
            ("--toxic", "--forget", tendency.toxic != nil && forget != nil),
            ("--harmless", "--retain", tendency.harmless != nil && retain != nil),
        ] where both {
            throw ValidationError("\(name) and \(other) mean the same: give one of them.")
        }
        guard subject != nil || forget != nil || tendency.isGiven || images.saysWhatToForget else {
            throw ValidationError(
                "Say what to forget: --subject \"NAME\", --forget FILE or --tendency PROMPTS; for an image classifier --forget-class, "
                    + "--forget-files or --forget-share.")
        }
    }
}
