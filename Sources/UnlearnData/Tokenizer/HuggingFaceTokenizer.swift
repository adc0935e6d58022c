// HF stub
import Foundation
extension TokenizerDefinition { init(huggingFace d: URL) throws(TokenizerError) { throw .missingMetadata(key: "") } }
