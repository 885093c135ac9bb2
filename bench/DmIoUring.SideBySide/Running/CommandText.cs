namespace DmIoUring.SideBySide.Running;

/// <summary>A command as one would type it.</summary>
internal static class CommandText
{
    public static string Of(string program, IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Prepend(program).Select(static word => word.AsSpan().ContainsAny(" '\"") ? $"'{word}'" : word));
}
