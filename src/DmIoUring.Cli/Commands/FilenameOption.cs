using System.CommandLine.Parsing;
using System.Text;

namespace DmIoUring.Cli.Commands;

/// <summary>Paths with colons between them, as fio has them; a colon that is part of a path is written <c>\:</c>.</summary>
internal static class FilenameOption
{
    public static string[] Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        List<string> paths = [];
        StringBuilder path = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == ':')
            {
                path.Append(text[++i]);
            }
            else if (text[i] == ':')
            {
                paths.Add(path.ToString());
                path.Clear();
            }
            else
            {
                path.Append(text[i]);
            }
        }

        paths.Add(path.ToString());
        if (paths.Exists(static one => one.Length == 0))
            result.AddError($"--filename '{text}' has an empty path. Is a variable unset?");
        return [.. paths];
    }
}
