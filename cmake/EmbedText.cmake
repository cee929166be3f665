# Run as a script: writes OUTPUT, a C++ file that defines the std::string_view SYMBOL in NAMESPACE with
# the text of INPUT.
#   cmake -DINPUT=… -DOUTPUT=… -DSYMBOL=… -DNAMESPACE=… -P EmbedText.cmake
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include <string_view>
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
namespace ${NAMESPACE} {
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL} = R\"__embedded(${text})__embedded\";
}
")
