using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DmIoUring.PackageContent;

/// <summary>The compiler documents every member; a package's user sees the public and protected ones.</summary>
internal static class PublicDocumentation
{
    /// <summary>A documentation file without what its reader can't use.</summary>
    /// <param name="assembly">The assembly's path.</param>
    /// <param name="documentation">The text that the compiler wrote for it.</param>
    /// <exception cref="InvalidDataException">A documented member is not in the assembly: the two are not of one build.</exception>
    public static string Of(string assembly, string documentation)
    {
        Dictionary<string, bool> visible = new(StringComparer.Ordinal);
        Collect(Load(assembly).GlobalNamespace, isVisible: true, visible);
        XDocument text = XDocument.Parse(documentation, LoadOptions.PreserveWhitespace);
        foreach (XElement member in text.Descendants("member").ToArray())
        {
            string id = member.Attribute("name")!.Value;
            if (!visible.TryGetValue(id, out bool keep))
                throw new InvalidDataException($"{id} is documented and not in {assembly}: build it anew.");
            if (keep)
                continue;
            if (member.PreviousNode is XText indent && string.IsNullOrWhiteSpace(indent.Value))
                indent.Remove();
            member.Remove();
        }

        return text + "\n";
    }

    private static IAssemblySymbol Load(string assembly)
    {
        MetadataReference reference = MetadataReference.CreateFromFile(assembly);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "members",
            references: [reference, MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
            options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, metadataImportOptions: MetadataImportOptions.All));
        return (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!;
    }

    /// <summary>The identifier of everything in a namespace or a type, and whether other assemblies see it.</summary>
    private static void Collect(INamespaceOrTypeSymbol container, bool isVisible, Dictionary<string, bool> visible)
    {
        foreach (ISymbol member in container.GetMembers())
        {
            bool seen = isVisible && (member is INamespaceSymbol || member.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal);
            if (member.GetDocumentationCommentId() is string id)
                visible[id] = seen;
            if (member is INamespaceOrTypeSymbol inner)
                Collect(inner, seen, visible);
        }
    }
}
