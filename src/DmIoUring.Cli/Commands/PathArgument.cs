using System.CommandLine.Parsing;

namespace DmIoUring.Cli.Commands;

/// <summary>Paths on the command line.</summary>
internal static class PathArgument
{
    /// <summary>An empty path comes from an unset variable; one with a dash from a mistyped option, which must not become a file.</summary>
    public static void Check(ArgumentResult result)
    {
        foreach (string path in result.Tokens.Select(token => token.Value))
        {
            if (path.Length == 0)
                result.AddError($"{result.Argument.Name} is an empty path. Is a variable unset?");
            else if (path[0] == '-')
                result.AddError($"'{path}' is no option. If it is a file, write ./{path}");
        }
    }
}
