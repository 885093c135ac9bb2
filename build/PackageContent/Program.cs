using DmIoUring.PackageContent;

switch (args)
{
    case ["documentation", string assembly, string documentation, string output]:
        File.WriteAllText(output, PublicDocumentation.Of(assembly, File.ReadAllText(documentation)));
        return 0;
    case ["readme", string readme, string repository, string commit, string output]:
        File.WriteAllText(output, GalleryReadme.Of(File.ReadAllText(readme), repository, commit));
        return 0;
    case ["release-notes", string changelog, string version, string output]:
        File.WriteAllText(output, ReleaseNotes.Of(File.ReadAllText(changelog), version));
        return 0;
    default:
        Console.Error.WriteLine("""
            package-content documentation ASSEMBLY XML OUTPUT
            package-content readme README REPOSITORY-URL COMMIT OUTPUT
            package-content release-notes CHANGELOG VERSION OUTPUT
            """);
        return 2;
}
