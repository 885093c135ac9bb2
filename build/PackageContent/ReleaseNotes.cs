namespace DmIoUring.PackageContent;

/// <summary>One version's part of CHANGELOG.md.</summary>
internal static class ReleaseNotes
{
    private const string Unreleased = "Unreleased";

    /// <summary>What stands under "## [VERSION]"; for a pre-release that has none, what stands under "## [Unreleased]".</summary>
    /// <param name="changelog">Markdown in the form of https://keepachangelog.com.</param>
    /// <param name="version">The package's.</param>
    /// <exception cref="InvalidDataException">The version is a release, and nothing is said of it.</exception>
    public static string Of(string changelog, string version)
    {
        version = version.Split('+')[0];
        return Section(changelog, version) ?? (version.Contains('-', StringComparison.Ordinal) ? Section(changelog, Unreleased) : null)
            ?? throw new InvalidDataException($"CHANGELOG.md has no \"## [{version}]\": rename \"## [{Unreleased}]\" before the release is tagged.");
    }

    private static string? Section(string changelog, string name)
    {
        string[] lines = changelog.Split('\n');
        int begin = Array.FindIndex(lines, line => line.StartsWith($"## [{name}]", StringComparison.Ordinal));
        if (begin < 0)
            return null;
        IEnumerable<string> section = lines.Skip(begin + 1).TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal));
        return string.Join('\n', section).Trim();
    }
}
