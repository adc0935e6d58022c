// The options of forgetting a tendency.

import ArgumentParser
import UnlearnKit

/// A tendency of a language model, such as toxic speech: what shows it, and what finds it.
struct TendencyArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Prompts that show the tendency: a table with the columns prompt and kind (toxic or harmless) and, if there are "
                + "any, group, template and partition; or '\(TendencyPlan.ownPrompts)' for the project's own. The model goes on "
                + "with them, and forgets what the judge finds in that.", valueName: "prompts"))
    var tendency: String?

    @Option(
        help: ArgumentHelp(
            "The judge that finds the tendency in texts: a folder that `unlearn train --judge` made, a BERT or RoBERTa model "
                + "that sorts texts into classes, or all-MiniLM-L6-v2 for the project's own judge of toxicity.",
            valueName: "folder"))
    var judge: String?

    @Option(help: ArgumentHelp("Texts to forget, instead of those that the model writes itself.", valueName: "file"))
    var toxic: String?

    @Option(help: ArgumentHelp("Texts that must not change, beside those that the model writes.", valueName: "file"))
    var harmless: String?

    var isGiven: Bool { tendency != nil || toxic != nil }

    func validate() throws {
        if judge == nil, isGiven || harmless != nil {
            throw ValidationError("A tendency is found by a judge: name its folder with --judge.")
        }
    }
}
