// Conversations as token ids, safe against messages that imitate the format.

extension Tokenizer {
    /// The format of the model's own chat template, if it is a known one.
    public var chatFormat: ChatFormat? { ChatFormat.detect(template: definition.chatTemplate) }

    /// The ids of a conversation. A control token spelled out in a message is encoded as ordinary text.
    ///
    /// Without a system message, the one that the model's template puts in is used.
    public func chatPrompt(
        _ messages: [ChatMessage], _ format: ChatFormat, addGenerationPrompt: Bool = true
    ) throws(TokenizerError) -> [Int32] {
        let messages = try withDefaultSystemMessage(messages, format)
        return try ids(of: format.pieces(messages, addGenerationPrompt: addGenerationPrompt), format)
    }

    /// The ids with which every conversation begins that has this system message (nil: the template's) and then a
    /// message of the user. Work on them can be shared between examples.
    public func sharedPrefix(_ format: ChatFormat, system: String? = nil) throws(TokenizerError) -> [Int32] {
        let system = system.map { [ChatMessage(.system, $0)] } ?? []
        let messages = try withDefaultSystemMessage(system + [ChatMessage(.user, "")], format)
        let pieces = format.pieces(messages, addGenerationPrompt: false)
        // Text after the last control token before the user's words could merge with these words.
        let first = format.pieces(messages.dropLast(), addGenerationPrompt: false).count
        let turn = pieces[first...].prefix { $0 != .text("") }
        let end = turn.lastIndex { if case .control = $0 { true } else { false } }
        return try ids(of: Array(pieces[..<(end.map { $0 + 1 } ?? 0)]), format)
    }

    /// The tokens with which the assistant ends an answer in this format.
    public func endOfAnswer(_ format: ChatFormat) throws(TokenizerError) -> [Int32] {
        var ends: [Int32] = []
        switch format {
        case .chatML: ends.append(try control("<|im_end|>", format))
        case .llama2: ends.append(try control("</s>", format))
        case .llama3: ends.append(try control("<|eot_id|>", format))
        case .plain: break
        }
        if let end = endOfSequence, !ends.contains(end) { ends.append(end) }
        return ends
    }

    /// The formats whose control tokens are all in the vocabulary.
    public var possibleChatFormats: [ChatFormat] {
        ChatFormat.allCases.filter { $0.controlTokens.allSatisfy { id(of: $0) != nil } }
    }

    private func withDefaultSystemMessage(
        _ messages: [ChatMessage], _ format: ChatFormat
    ) throws(TokenizerError) -> [ChatMessage] {
        guard messages.first?.role != .system, chatFormat == format,
            let system = try format.defaultSystemMessage(template: definition.chatTemplate)
        else { return messages }
        return [ChatMessage(.system, system)] + messages
    }

    private func control(_ token: String, _ format: ChatFormat) throws(TokenizerError) -> Int32 {
        guard let id = id(of: token) else {
            throw .missingControlToken(
                token: token, format: format.rawValue, valid: possibleChatFormats.map(\.rawValue))
        }
        return id
    }

    /// Texts are joined between control tokens before encoding, as the model met them.
    private func ids(of pieces: [ChatPiece], _ format: ChatFormat) throws(TokenizerError) -> [Int32] {
        var ids = format == .plain ? definition.prefix : []
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let more): text += more
            case .control(let token):
                let id = try control(token, format)
                ids += encode(text, addSpecialTokens: false)
                ids.append(id)
                text = ""
            }
        }
        return ids + encode(text, addSpecialTokens: false)
    }
}
