#include "registry/graphml.h"

#include <fmt/format.h>
#include <libxml/xmlreader.h>
#include <limits>
#include <memory>
#include <set>

namespace quipu::registry {
namespace {

struct XmlText {
    explicit XmlText(xmlChar* text) : text_(text, [](xmlChar* p) { xmlFree(p); }) {}
    [[nodiscard]] std::string string() const {
        return text_ == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text_.get()));
    }

  private:
    std::unique_ptr<xmlChar, void (*)(xmlChar*)> text_;
};

class GraphmlReader {
  public:
    GraphmlReader(std::string_view text, std::string_view name) : name_(name), reader_(nullptr, &xmlFreeTextReader) {
        if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return;
        reader_.reset(xmlReaderForMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                         XML_PARSE_NONET | XML_PARSE_NOCDATA));
        if (reader_ != nullptr) xmlTextReaderSetStructuredErrorHandler(reader_.get(), &GraphmlReader::note_error, this);
    }

    Result<Graph> graph() {
        if (reader_ == nullptr) return fail(ErrorCode::invalid, "is not XML", std::string(name_));
        int read = 0;
        while ((read = xmlTextReaderRead(reader_.get())) == 1 && !done_) {
            switch (xmlTextReaderNodeType(reader_.get())) {
                case XML_READER_TYPE_DOCUMENT_TYPE:
                    return error("declares a document type, which GraphML needs not and which is not read");
                case XML_READER_TYPE_ELEMENT: TRY(begin()); break;
                case XML_READER_TYPE_END_ELEMENT: end(local_name()); break;
                case XML_READER_TYPE_TEXT:
                case XML_READER_TYPE_CDATA:
                case XML_READER_TYPE_SIGNIFICANT_WHITESPACE: TRY(text()); break;
                default: break;
            }
        }
        if (read < 0 || !xml_error_.empty())
            return fail(ErrorCode::invalid, xml_error_.empty() ? "is not well-formed XML" : xml_error_,
                        fmt::format("{}:{}", name_, error_line_));
        if (!seen_graph_)
            return fail(ErrorCode::invalid, "holds no <graph>", std::string(name_), "is this a GraphML file?");
        for (const GraphEdge& edge : graph_.edges)
            for (const std::string& end : {edge.source, edge.target})
                if (!ids_.contains(end))
                    return fail(ErrorCode::invalid,
                                fmt::format("the edge leads to node \"{}\", which is not there", end),
                                fmt::format("{}:{}", name_, edge.line));
        return std::move(graph_);
    }

  private:
    Result<void> begin() {
        const std::string_view name = local_name();
        const bool empty = xmlTextReaderIsEmptyElement(reader_.get()) == 1;
        if (name == "key") {
            keys_.insert_or_assign(attribute("id"), attribute("attr.name"));
        } else if (name == "graph") {
            if (seen_graph_) return error("holds a graph within a graph, which is not read", ErrorCode::unsupported);
            seen_graph_ = true;
            within_ = &graph_.attributes;
        } else if (name == "node") {
            if (graph_.nodes.size() == kMaxGraphNodes)
                return error(fmt::format("has more than {} nodes", kMaxGraphNodes), ErrorCode::too_large);
            graph_.nodes.push_back({attribute("id"), line(), {}});
            if (graph_.nodes.back().id.empty()) return error("a node has no id");
            if (!ids_.insert(graph_.nodes.back().id).second)
                return error(fmt::format("node \"{}\" is there twice", graph_.nodes.back().id));
            within_ = &graph_.nodes.back().attributes;
        } else if (name == "edge") {
            if (graph_.edges.size() == kMaxGraphEdges)
                return error(fmt::format("has more than {} edges", kMaxGraphEdges), ErrorCode::too_large);
            graph_.edges.push_back({attribute("source"), attribute("target"), line(), {}});
            within_ = &graph_.edges.back().attributes;
        } else if (name == "hyperedge") {
            return error("holds hyperedges, which are not read", ErrorCode::unsupported);
        } else if (name == "data" && within_ != nullptr) {
            const auto key = keys_.find(attribute("key"));
            if (key == keys_.end())
                return error(fmt::format("uses the key \"{}\", which is not declared", attribute("key")));
            if (!empty) value_ = &(*within_)[key->second];
            if (value_ != nullptr) value_->clear();
            return {};
        }
        if (empty) end(name);
        return {};
    }

    void end(std::string_view name) {
        if (name == "data") value_ = nullptr;
        if (name == "node" || name == "edge") within_ = &graph_.attributes;
        if (name == "graph") done_ = true;
    }

    Result<void> text() {
        if (value_ == nullptr) return {};
        const auto* text = reinterpret_cast<const char*>(xmlTextReaderConstValue(reader_.get()));
        if (text == nullptr) return {};
        if (value_->size() + std::string_view(text).size() > kMaxGraphText)
            return error(fmt::format("an attribute is longer than {} octets", kMaxGraphText), ErrorCode::too_large);
        *value_ += text;
        return {};
    }

    [[nodiscard]] std::string_view local_name() const {
        const auto* name = reinterpret_cast<const char*>(xmlTextReaderConstLocalName(reader_.get()));
        return name == nullptr ? std::string_view() : std::string_view(name);
    }
    [[nodiscard]] std::string attribute(const char* name) const {
        return XmlText(xmlTextReaderGetAttribute(reader_.get(), reinterpret_cast<const xmlChar*>(name))).string();
    }
    [[nodiscard]] std::uint32_t line() const {
        return static_cast<std::uint32_t>(std::max(0, xmlTextReaderGetParserLineNumber(reader_.get())));
    }
    [[nodiscard]] std::unexpected<Error> error(std::string what, ErrorCode code = ErrorCode::invalid) const {
        return fail(code, std::move(what), fmt::format("{}:{}", name_, line()));
    }

    static void note_error(void* self, xmlErrorPtr error) {
        auto& reader = *static_cast<GraphmlReader*>(self);
        if (!reader.xml_error_.empty() || error->level < XML_ERR_ERROR) return;
        reader.xml_error_ = error->message == nullptr ? "is not well-formed XML" : error->message;
        while (reader.xml_error_.ends_with('\n'))
            reader.xml_error_.pop_back();
        reader.error_line_ = error->line;
    }

    std::string_view name_;
    std::unique_ptr<xmlTextReader, void (*)(xmlTextReaderPtr)> reader_;
    std::string xml_error_;
    int error_line_ = 1;
    std::map<std::string, std::string, std::less<>> keys_;
    std::set<std::string, std::less<>> ids_;
    Graph graph_;
    GraphAttributes* within_ = nullptr;  ///< of the graph, node or edge that is being read
    std::string* value_ = nullptr;       ///< of the attribute that is being read
    bool seen_graph_ = false;
    bool done_ = false;
};

}  // namespace

Result<Graph> parse_graphml(std::string_view text, std::string_view name) {
    return GraphmlReader(text, name).graph();
}

}  // namespace quipu::registry
