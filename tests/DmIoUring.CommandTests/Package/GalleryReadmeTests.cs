using DmIoUring.PackageContent;

namespace DmIoUring.CommandTests.Package;

public sealed class GalleryReadmeTests
{
    [Theory]
    [InlineData("![a b](bench/plots/a.svg)", "![a b](https://raw.githubusercontent.com/owner/name/abc/bench/plots/a.svg)")]
    [InlineData("see [the table](docs/kernels.md#zram) for", "see [the table](https://github.com/owner/name/blob/abc/docs/kernels.md#zram) for")]
    [InlineData("[![a](a.svg)](docs/a.md)", "[![a](https://raw.githubusercontent.com/owner/name/abc/a.svg)](https://github.com/owner/name/blob/abc/docs/a.md)")]
    [InlineData("[limits](#limits), [other](https://example.org/a)", "[limits](#limits), [other](https://example.org/a)")]
    [InlineData("```csharp\nx = a[i](b);\n```\n[a](b.md)", "```csharp\nx = a[i](b);\n```\n[a](https://github.com/owner/name/blob/abc/b.md)")]
    public void WithARepository_AddressesAreAbsolute(string readme, string expected)
    {
        Assert.Equal(expected, GalleryReadme.Of(readme, "https://github.com/owner/name", "abc"));
        Assert.Equal(expected, GalleryReadme.Of(readme, "https://github.com/owner/name.git/", "abc"));
    }

    [Theory]
    [InlineData("https://gitlab.com/owner/name", "![a](https://gitlab.com/owner/name/-/raw/abc/a.png)")]
    [InlineData("https://git.example.org/name", "![a](https://git.example.org/name/raw/abc/a.png)")]
    public void OtherHosts_HaveTheirOwnPathsOfRawFiles(string repository, string expected) =>
        Assert.Equal(expected, GalleryReadme.Of("![a](a.png)", repository, "abc"));

    [Theory]
    [InlineData("", "abc")]
    [InlineData("file:///tmp/a", "abc")]
    [InlineData("https://github.com/owner/name", "")]
    public void WithoutARepository_LinksAreText_AndPicturesAreLeftOut(string repository, string commit) =>
        Assert.Equal("a\n\n\n\nsee the table, [other](https://example.org)", GalleryReadme.Of("a\n\n![p](p.svg)\n\nsee [the table](docs/a.md), [other](https://example.org)", repository, commit));
}
