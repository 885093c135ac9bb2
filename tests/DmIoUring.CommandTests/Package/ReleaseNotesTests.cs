using DmIoUring.PackageContent;

namespace DmIoUring.CommandTests.Package;

public sealed class ReleaseNotesTests
{
    private const string Changelog = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- new\n\n## [1.2.0] - 2026-12-01\n\n- old\n\n## [1.1.0] - 2026-11-01\n\n- older\n";

    [Theory]
    [InlineData("1.2.0", "- old")]
    [InlineData("1.2.0+abc", "- old")]
    [InlineData("1.1.0", "- older")]
    [InlineData("1.2.1-alpha.0.7", "### Added\n\n- new")]
    [InlineData("1.2.0-rc.1", "### Added\n\n- new")]
    public void AVersion_HasItsOwnPart_AndAPreReleaseWhatIsUnreleased(string version, string expected) =>
        Assert.Equal(expected, ReleaseNotes.Of(Changelog, version));

    [Fact]
    public void ARelease_ThatTheChangelogDoesNotKnow_IsRefused_WithWhatToDo()
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(static () => ReleaseNotes.Of(Changelog, "1.3.0"));
        Assert.Contains("\"## [1.3.0]\"", refused.Message, StringComparison.Ordinal);
        Assert.Contains("rename", refused.Message, StringComparison.Ordinal);
    }
}
