// The shapes of the knowledge base.

export interface ArticleText {
  title: string;
  summary: string;
  body: string;
}

export type ArticleState = 'draft' | 'published';

export interface ArticleSummary {
  id: string;
  category: string;
  language: string;
  title: string;
  summary: string;
  languages: string[];
  state: ArticleState;
  readers: 'public' | 'members';
  links: string[];
  changed: string;
  published?: string;
  version: number;
}

export interface Heading {
  level: number;
  id: string;
  text: string;
}

export interface Article {
  id: string;
  category: string;
  readers: 'public' | 'members';
  texts: Record<string, ArticleText>;
  links: string[];
  state: ArticleState;
  from_case?: number;
  created: string;
  changed: string;
  published?: string;
  changed_by: string;
  version: number;
}

export interface ArticlePage extends Article {
  language: string;
  html: string;
  headings: Heading[];
}

export interface ArticleVersion {
  version: number;
  time: string;
  who: string;
  action: string;
  why?: string;
}

export interface ArticleDifference {
  before: number;
  after: number;
  texts: { language: string; field: string; lines: { sign: string; text: string }[] }[];
}
