using System.Text;
using System.Text.Unicode;

namespace DmIoUring.Cli.Commands;

/// <summary>
/// The arguments as the kernel has them. .NET makes U+FFFD of bytes that are not UTF-8, and a path with that in it is another path: what
/// the user named would not be touched, and something else would.
/// </summary>
internal static class RawArguments
{
    private const char Replacement = '\uFFFD';
    private const string CommandLinePath = "/proc/self/cmdline";

    /// <summary>Lets only arguments through that are what the user typed.</summary>
    /// <exception cref="RefusedException">An argument is not what the user typed.</exception>
    public static void ThrowIfNotUtf8(IReadOnlyList<string> arguments)
    {
        if (arguments.FirstOrDefault(static argument => argument.Contains(Replacement, StringComparison.Ordinal)) is not { } suspect)
            return;
        byte[] raw;
        try
        {
            raw = File.ReadAllBytes(CommandLinePath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refusal(suspect, $", and {CommandLinePath}, which would tell, can't be read: {exception.Message}");
        }

        if (FirstInvalid(raw) is { } invalid)
            throw Refusal(invalid, "");
    }

    /// <summary>The first argument that is not UTF-8, with the bytes that are not as escapes.</summary>
    public static string? FirstInvalid(ReadOnlySpan<byte> commandLine)
    {
        foreach (Range range in commandLine.Split((byte)0))
        {
            ReadOnlySpan<byte> argument = commandLine[range];
            if (!Utf8.IsValid(argument))
                return Escape(argument);
        }

        return null;
    }

    private static string Escape(ReadOnlySpan<byte> argument)
    {
        StringBuilder text = new();
        while (!argument.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(argument, out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
                text.Append(rune.ToString());
            else
                text.Append(string.Concat(argument[..length].ToArray().Select(static one => $"\\x{one:x2}")));
            argument = argument[length..];
        }

        return text.ToString();
    }

    private static RefusedException Refusal(string argument, string why) => new(
        argument, "is not UTF-8" + why + ": dmio would use another file than the one with this name",
        "Rename it, or name a symbolic link to it whose own name is UTF-8.");
}
