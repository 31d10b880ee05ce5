import java.io.BufferedWriter;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The Java half of the check of bytes: reads cases (a message's name, its bytes, its script), decodes the bytes with the codecs that
 * sbe-tool has generated, and writes what it has read as a script; encodes the script, and writes the bytes.
 *
 *   java CheckScripts PACKAGE CASES ANSWERS
 *
 * A case is a line "message NAME HEX decode|both", the script's lines, and an empty line. Its answer: "bytes HEX" (when both), the lines
 * that were read, and an empty line.
 */
public final class CheckScripts {
  private static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    final List<String> lines = Files.readAllLines(Path.of(args[1]));
    try (BufferedWriter out = Files.newBufferedWriter(Path.of(args[2]))) {
      for (int at = 0; at < lines.size(); ) {
        final String[] head = lines.get(at++).split(" ");
        final List<String[]> script = new ArrayList<>();
        while (at < lines.size() && !lines.get(at).isEmpty()) script.add(lines.get(at++).split(" ", -1));
        at++;
        final String name = args[0] + "." + head[1];
        if (head[3].equals("both")) out.write("bytes " + encode(args[0], name, script) + "\n");
        for (String line : decode(args[0], name, HEX.parseHex(head[2]), script)) out.write(line + "\n");
        out.write("\n");
      }
    }
  }

  private static String encode(String home, String name, List<String[]> script) throws Exception {
    final Class<?> header = Class.forName(home + ".MessageHeaderEncoder");
    final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8192]);
    final Object encoder = Class.forName(name + "Encoder").getConstructor().newInstance();
    encoder.getClass().getMethod("wrapAndApplyHeader", MutableDirectBuffer.class, int.class, header)
        .invoke(encoder, buffer, 0, header.getConstructor().newInstance());
    final List<Object> owners = new ArrayList<>(List.of(encoder));
    for (String[] line : script) write(owners, line);
    final int length = 8 + (int) call(encoder, "encodedLength");
    final byte[] bytes = new byte[length];
    buffer.getBytes(0, bytes);
    return HEX.formatHex(bytes);
  }

  private static void write(List<Object> owners, String[] line) throws Exception {
    final Object owner = owners.get(owners.size() - 1);
    switch (line[0]) {
      case "int" -> writeInteger(owner, line[1], Long.parseUnsignedLong(line[2].replace("-", "")) * (line[2].startsWith("-") ? -1 : 1));
      case "bits" -> {
        if (line[2].length() == 8) setter(owner, line[1]).invoke(owner, Float.intBitsToFloat(HexFormat.fromHexDigits(line[2])));
        else setter(owner, line[1]).invoke(owner, Double.longBitsToDouble(HexFormat.fromHexDigitsToLong(line[2])));
      }
      case "null" -> {
        final Method setter = setter(owner, line[1]);
        final Class<?> type = setter.getParameterTypes()[0];
        setter.invoke(owner, type.isEnum() ? type.getField("NULL_VAL").get(null) : call(owner, line[1] + "NullValue"));
      }
      case "items" -> {
        final String[] items = line[2].split(",");
        for (int i = 0; i < items.length; i++) {
          final Method setter = method(owner, line[1], 2);
          setter.invoke(owner, i, narrow(Long.parseLong(items[i]), setter.getParameterTypes()[1]));
        }
      }
      case "choice" -> {
        final Object set = call(owner, line[1]);
        method(set, line[2], 1).invoke(set, line[3].equals("1"));
      }
      case "enter" -> owners.add(call(owner, line[1]));
      case "leave", "endgroup" -> owners.remove(owners.size() - 1);
      case "group" -> owners.add(method(owner, line[1] + "Count", 1).invoke(owner, Integer.parseInt(line[2])));
      case "next" -> call(owner, "next");
      case "data" -> {
        final byte[] bytes = HEX.parseHex(line[2]);
        owner.getClass().getMethod("put" + upper(line[1]), byte[].class, int.class, int.class).invoke(owner, bytes, 0, bytes.length);
      }
      case "const" -> { }
      default -> throw new IllegalArgumentException(line[0]);
    }
  }

  private static void writeInteger(Object owner, String name, long value) throws Exception {
    final Method setter = setter(owner, name);
    final Class<?> type = setter.getParameterTypes()[0];
    if (!type.isEnum()) {
      setter.invoke(owner, narrow(value, type));
      return;
    }
    for (Method get : type.getMethods()) {
      if (get.getName().equals("get")) setter.invoke(owner, get.invoke(null, narrow(value, get.getParameterTypes()[0])));
    }
  }

  /** Which fields there are is the script's; what they say, how many entries groups have, is what the bytes say. */
  private static List<String> decode(String home, String name, byte[] bytes, List<String[]> script) throws Exception {
    final Class<?> header = Class.forName(home + ".MessageHeaderDecoder");
    final Object decoder = Class.forName(name + "Decoder").getConstructor().newInstance();
    decoder.getClass().getMethod("wrapAndApplyHeader", org.agrona.DirectBuffer.class, int.class, header)
        .invoke(decoder, new UnsafeBuffer(bytes), 0, header.getConstructor().newInstance());
    final List<Object> owners = new ArrayList<>(List.of(decoder));
    final List<String> lines = new ArrayList<>();
    for (String[] line : script) lines.add(read(owners, line));
    return lines;
  }

  private static String read(List<Object> owners, String[] line) throws Exception {
    final Object owner = owners.get(owners.size() - 1);
    switch (line[0]) {
      case "int", "null", "bits" -> {
        return readNumber(owner, line[1]);
      }
      case "items" -> {
        final Method getter = method(owner, line[1], 1);
        final List<String> items = new ArrayList<>();
        final int length = (int) call(owner, line[1] + "Length");
        for (int i = 0; i < length; i++) items.add(getter.invoke(owner, i).toString());
        return "items " + line[1] + " " + String.join(",", items);
      }
      case "choice" -> {
        final Object set = call(owner, line[1]);
        return "choice " + line[1] + " " + line[2] + " " + ((boolean) call(set, line[2]) ? 1 : 0);
      }
      case "const" -> {
        final Object value = call(owner, line[1]);
        return "const " + line[1] + " " + (value.getClass().isEnum() ? call(value, "value") : value);
      }
      case "enter" -> {
        owners.add(call(owner, line[1]));
        return "enter " + line[1];
      }
      case "leave", "endgroup" -> {
        owners.remove(owners.size() - 1);
        return line[0];
      }
      case "group" -> {
        final Object group = call(owner, line[1]);
        owners.add(group);
        return "group " + line[1] + " " + call(group, "count");
      }
      case "next" -> {
        call(owner, "next");
        return "next";
      }
      case "data" -> {
        final byte[] bytes = new byte[(int) call(owner, line[1] + "Length")];
        owner.getClass().getMethod("get" + upper(line[1]), byte[].class, int.class, int.class).invoke(owner, bytes, 0, bytes.length);
        return "data " + line[1] + " " + HEX.formatHex(bytes);
      }
      default -> throw new IllegalArgumentException(line[0]);
    }
  }

  private static String readNumber(Object owner, String name) throws Exception {
    final Object value = call(owner, name);
    if (value instanceof Enum<?> member) {
      return member.name().equals("NULL_VAL") ? "null " + name : "int " + name + " " + call(owner, name + "Raw");
    }
    final Object absent = call(owner, name + "NullValue");
    if (value.equals(absent) && isOptional(owner, name)) return "null " + name;
    if (value instanceof Float number) return "bits " + name + " " + HexFormat.of().toHexDigits(Float.floatToRawIntBits(number));
    if (value instanceof Double number) return "bits " + name + " " + HexFormat.of().toHexDigits(Double.doubleToRawLongBits(number));
    if (value instanceof Long number && isUnsigned(owner, name)) return "int " + name + " " + Long.toUnsignedString(number);
    return "int " + name + " " + value;
  }

  /** Only a field of uint64 may have all 64 bits as its largest value. */
  private static boolean isUnsigned(Object owner, String name) throws Exception {
    return call(owner, name + "MinValue").equals(0L);
  }

  private static boolean isOptional(Object owner, String name) throws Exception {
    for (Method method : owner.getClass().getMethods()) {
      if (!method.getName().equals(name + "MetaAttribute")) continue;
      final Class<?> type = method.getParameterTypes()[0];
      return method.invoke(null, type.getField("PRESENCE").get(null)).equals("optional");
    }
    return false;
  }

  private static Object narrow(long value, Class<?> type) {
    if (type == byte.class) return (byte) value;
    if (type == short.class) return (short) value;
    if (type == int.class) return (int) value;
    return value;
  }

  private static Method setter(Object owner, String name) {
    return method(owner, name, 1);
  }

  private static Method method(Object owner, String name, int parameters) {
    for (Method method : owner.getClass().getMethods()) {
      if (method.getName().equals(lower(name)) && method.getParameterCount() == parameters) return method;
    }
    throw new IllegalArgumentException("there is no " + name + " in " + owner.getClass());
  }

  private static Object call(Object owner, String name) throws Exception {
    return method(owner, name, 0).invoke(owner);
  }

  private static String upper(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }

  private static String lower(String name) {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }
}
