namespace DmIoUring.Cli;

/// <summary>What characters a terminal shows, by the environment.</summary>
internal static class Locale
{
    /// <summary>The first that is set and not empty holds, as POSIX has it; with none it is the C locale.</summary>
    private static readonly string[] Variables = ["LC_ALL", "LC_CTYPE", "LANG"];

    public static bool IsUtf8(Func<string, string?> variable)
    {
        string? locale = Variables.Select(variable).FirstOrDefault(static value => !string.IsNullOrEmpty(value));
        return locale is not null && (Contains(locale, "UTF-8") || Contains(locale, "UTF8"));
    }

    private static bool Contains(string locale, string charset) => locale.Contains(charset, StringComparison.OrdinalIgnoreCase);
}
