using System.CommandLine.Parsing;
using System.Globalization;

namespace DmIoUring.Cli.Commands;

/// <summary>Processors on the command line: 0 or 0,1,3.</summary>
internal static class ProcessorsOption
{
    /// <summary>The last processor that the library can name.</summary>
    public const int Most = 1023;

    public static int[]? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split(',');
        int[] processors = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out processors[i]) || processors[i] > Most)
            {
                result.AddError($"--cpus '{text}' must be processors from 0 to {Most} with commas between them, as 0,1");
                return null;
            }
        }

        return processors;
    }
}
