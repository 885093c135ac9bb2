using System.Text.RegularExpressions;

namespace DmIoUring.PackageContent;

/// <summary>A README whose pictures and links work where there is no repository around it.</summary>
internal static partial class GalleryReadme
{
    /// <summary>Makes relative addresses absolute. Without a repository pictures are left out, and of links the text stays.</summary>
    /// <param name="readme">Markdown.</param>
    /// <param name="repository">The repository's address, https://github.com/OWNER/NAME for one; may be empty.</param>
    /// <param name="commit">What the addresses point at, so that they go on showing what the package was made of.</param>
    public static string Of(string readme, string repository, string commit)
    {
        repository = repository.TrimEnd('/');
        if (repository.EndsWith(".git", StringComparison.Ordinal))
            repository = repository[..^".git".Length];
        bool known = repository.StartsWith("https://", StringComparison.Ordinal) && commit.Length > 0;
        string[] parts = readme.Split("```"); // Every second one is code.
        for (int i = 0; i < parts.Length; i += 2)
        {
            parts[i] = Picture().Replace(parts[i], match => known ? $"![{match.Groups["text"]}]({Raw(repository, commit)}/{match.Groups["path"]})" : "");
            parts[i] = known
                ? Address().Replace(parts[i], match => $"]({Page(repository, commit)}/{match.Groups["path"]})")
                : Link().Replace(parts[i], static match => match.Groups["text"].Value);
        }

        return string.Join("```", parts);
    }

    /// <summary>Galleries show pictures of hosts that they know: of GitHub's that is the one for raw files.</summary>
    private static string Raw(string repository, string commit) => new Uri(repository) switch
    {
        { Host: "github.com" } address => $"https://raw.githubusercontent.com{address.AbsolutePath}/{commit}",
        { Host: "gitlab.com" } => $"{repository}/-/raw/{commit}",
        _ => $"{repository}/raw/{commit}",
    };

    private static string Page(string repository, string commit) => $"{repository}/blob/{commit}";

    [GeneratedRegex(@"!\[(?<text>[^\]]*)\]\((?!https?:)(?<path>[^)]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Picture();

    /// <summary>The end of a link whose text may be a picture.</summary>
    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)(?<path>[^)]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\((?!https?:|mailto:|#)(?<path>[^)]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
